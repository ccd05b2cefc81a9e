"""Gates in two passes: what a gate multiplies is computed twice instead of kept."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from random_graphs import gated_blocks, random_gates

from msfcnn.errors import InfeasibleError
from msfcnn.fusion import gates, in_two_passes, least_macs, network, two_passes
from msfcnn.ir import InputMode, Model
from msfcnn.options import Options
from msfcnn.pipeline import generate, plan_model
from msfcnn.report import pareto_report, plan_report

INFINITE = float("inf")


@pytest.fixture(scope="module")
def gated() -> Model:
    return gated_blocks(1)


def test_two_passes_need_less_ram_and_more_macs(gated: Model) -> None:
    once = plan_model(gated, Options(max_macs=1.0))
    twice = plan_model(gated, Options(max_macs=INFINITE))
    assert not two_passes(once.schedule.network)
    assert two_passes(twice.schedule.network)
    assert twice.layout.peak_ram < once.layout.peak_ram
    assert twice.recompute_factor > once.recompute_factor == 1.0
    repeats = twice.schedule.network.repeats
    assert twice.schedule.macs >= once.schedule.macs + sum(
        step.macs for step in twice.schedule.network.steps if step.z in repeats
    )


@pytest.mark.parametrize("factor", [1.05, 1.3])
def test_no_more_macs_than_allowed(gated: Model, factor: float) -> None:
    assert plan_model(gated, Options(max_macs=factor)).recompute_factor <= factor


def test_less_ram_than_one_pass_needs_can_be_asked_for(gated: Model) -> None:
    least = plan_report(gated, Options(max_macs=INFINITE))
    assert least.two_passes
    by_time = plan_report(gated, Options(max_ram=least.peak_ram))
    by_macs = plan_report(gated, Options(max_ram=least.peak_ram, max_macs=INFINITE))
    assert by_time.peak_ram <= least.peak_ram >= by_macs.peak_ram
    assert by_macs.macs <= by_time.macs
    with pytest.raises(InfeasibleError) as caught:
        plan_report(gated, Options(max_ram=least.peak_ram - 1))
    assert caught.value.best_ram == least.peak_ram


def test_gates_have_one_pass_where_that_fits(gated: Model) -> None:
    once = plan_report(gated, Options(max_macs=1.0))
    assert not plan_report(gated, Options(max_ram=once.peak_ram)).two_passes


def test_the_front_ends_where_the_least_ram_is(gated: Model) -> None:
    points = pareto_report(gated, Options()).points
    least = plan_report(gated, Options(max_macs=INFINITE))
    assert (points[-1].peak_ram, points[-1].macs) == (least.peak_ram, least.macs)
    assert points[0].recompute_factor == 1.0
    for before, after in pairwise(points):
        # two points of the same bytes differ in what they need without the output
        assert before.peak_ram >= after.peak_ram
        assert before.macs < after.macs or before.peak_ram_without_io < after.peak_ram_without_io


def test_weights_are_stored_once_where_both_passes_sweep_alike(gated: Model) -> None:
    found = generate(gated, "twice", Options(max_macs=INFINITE), "test")
    weights, tables = found.sources["twice_weights.c"], found.sources["twice.c"]
    defined = re.findall(r"^const \w+ (twice_op\w+) = ", weights, re.MULTILINE)
    assert len(defined) == len(set(defined))
    # by op: the directions of the passes that read its weights
    swept: dict[int, set[bool]] = {}
    for stage in found.schedule.stages:
        for step in stage.edge.steps:
            if step.call.weighty:
                swept.setdefault(step.op, set()).add(stage.option.columns)
    both = {op for op, ways in swept.items() if len(ways) > 1}
    again = {int(op) for op in re.findall(r"twice_op(\d+)_again = ", weights)}
    assert again <= both
    assert len(defined) == len(swept) + len(again)
    assert all(tables.count(f"&{label},") >= 1 for label in defined)


@pytest.mark.parametrize("mode", list(InputMode))
@pytest.mark.parametrize("seed", range(4))
def test_a_map_is_made_of_something_smaller(seed: int, mode: InputMode) -> None:
    graph = network((random_gates, gated_blocks)[seed % 2](seed), mode)
    assert seed % 2 == 0 or gates(graph)
    for gate in gates(graph):
        found = in_two_passes(graph, gate)
        assert found.macs == graph.macs
        assert least_macs(found) >= least_macs(graph)
        added = [step for step in found.steps if step.z in found.repeats]
        read = {t for step in added for t in step.inputs()} - found.repeats.keys()
        (start,) = read
        kept = 0 if graph.born[start] < 0 else graph.sizes[start]
        assert kept < graph.sizes[gate.map]
        # what the gate reads is new, and nobody else reads it
        (reader,) = two_passes(found)
        assert found.original(reader.x) == gate.map
        assert [found.steps[i] for i in found.readers[reader.x]] == [reader]
        sizes = [graph.sizes[found.original(t)] for t in found.repeats]
        assert np.array_equal(sizes, [found.sizes[t] for t in found.repeats])
