"""Every plan of a network gives the reference's bytes, in exactly the announced arena."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from plan_programs import check_bytes, describe, run_plans
from plan_space import has_bands, may_keep
from random_models import channel_by_channel, random_images, random_model
from random_plans import RUNS, band_choices, keepable, random_plan

from msfcnn.fusion import Edge, Network, Option, Scheme, edges_from, network
from msfcnn.ir import InputMode, Model
from msfcnn.planner import Goal, Plan, PlannedStage, plan, plan_layer_by_layer
from msfcnn.reference import execute
from msfcnn.schedule import Schedule, schedule

QUICK, ALL = 6, 300
LARGE = {0, 3}  # networks among the quick ones
TOGETHER = 6  # networks of a long test
RANDOM_PLANS = 8  # for each way in


@pytest.mark.parametrize(
    "seed",
    [pytest.param(s, marks=pytest.mark.long if s in LARGE else ()) for s in range(QUICK)],
)
def test_random_plans(seed: int, tmp_path: Path, engine: Path) -> None:
    check_network(seed, tmp_path, engine)


def test_random_plans_with_the_small_engine(tmp_path: Path, small_engine: Path) -> None:
    check_network(2, tmp_path, small_engine)


@pytest.mark.long
@pytest.mark.parametrize("first", range(QUICK, ALL, TOGETHER))
def test_many_random_plans(first: int, tmp_path: Path, engine: Path) -> None:
    for seed in range(first, min(first + TOGETHER, ALL)):
        directory = tmp_path / str(seed)
        directory.mkdir()
        check_network(seed, directory, engine)


def check_network(seed: int, directory: Path, engine: Path) -> None:
    """Layer by layer, the planner's plans and random ones, whole, pushed and pulled."""
    model, rng = random_model(seed), np.random.default_rng(seed)
    schedules = [s for mode in InputMode for s in plans_of(network(model, mode), rng)]
    images = random_images(model, 2, seed)
    check_plans(model, schedules, images, directory, engine)


def plans_of(graph: Network, rng: np.random.Generator) -> Iterator[Schedule]:
    yield schedule(plan_layer_by_layer(graph))
    for factor in (1.0, float("inf")):
        yield schedule(plan(graph, Goal(max_macs=factor)), stretch=False)
    for number in range(RANDOM_PLANS):
        yield schedule(random_plan(graph, rng), stretch=number % 4 == 3)


def check_plans(
    model: Model,
    schedules: Sequence[Schedule],
    images: NDArray[np.int8],
    directory: Path,
    engine: Path,
) -> None:
    """They run cleanly, equal the reference everywhere, and need what was predicted."""
    expected = execute(model, images)
    for run in run_plans(model, schedules, images, directory, engine):
        check_bytes(model, run, expected)
        assert run.schedule.peak_ram == run.peak == run.announced, describe(run.schedule)


@pytest.mark.parametrize(
    "seed", [0, 3, *(pytest.param(s, marks=pytest.mark.long) for s in (5, 10))]
)
def test_every_option_of_the_longest_edge(seed: int, tmp_path: Path, engine: Path) -> None:
    """R in {1, 2, 3, H/2, H}, tight and plain, nothing, one or all kept, every split and run."""
    model = random_model(seed)
    schedules = []
    for mode in InputMode:
        graph = network(model, mode)
        everywhere = [edges_from(graph, first)[-1] for first in range(len(graph.steps))]
        longest = max(everywhere, key=lambda edge: len(edge.steps))
        assert len(longest.steps) > 2, "the model is too simple for this test"
        for option in every_option(longest):
            schedules.append(schedule(with_stage(graph, longest, option), stretch=False))
    assert len({tuple(stage.cost.total for stage in s.stages) for s in schedules}) > 5
    images = random_images(model, 2, seed)
    check_plans(model, schedules, images, tmp_path, engine)


@pytest.mark.parametrize("seed", range(2))
def test_passes_over_channels(seed: int, tmp_path: Path, engine: Path) -> None:
    """Where a stage may run once for each group of channels, every group gives its own outputs.

    A depthwise convolution of several outputs a channel ends such a stage: its groups are larger.
    """
    model = channel_by_channel(seed)
    graph = network(model)
    edges = [edge for first in range(len(graph.steps)) for edge in edges_from(graph, first)]
    schedules = [
        schedule(with_stage(graph, edge, Option(Scheme.LINE, edge.shape[1], split=split)))
        for edge in edges
        for split in range(1, edge.shape[2] if edge.splits else 1)
    ]
    assert len(schedules) > 2
    check_plans(model, schedules, random_images(model, 2, seed), tmp_path, engine)


def every_option(edge: Edge) -> Iterator[Option]:
    width = edge.shape[1]
    for tight in (True, False):
        for run in RUNS:
            yield Option(Scheme.LINE, width, run=run, tight=tight)
        for split in (1, 3) if edge.splits else ():
            yield Option(Scheme.LINE, width, split=split, tight=tight)
        if not has_bands(edge):
            continue
        for band in band_choices(edge):
            free = keepable(edge, band)
            for keep in {frozenset[int](), *(frozenset({t}) for t in free), frozenset(free)}:
                option = Option(Scheme.H_CACHE, band, keep, run=1 + len(keep), tight=tight)
                if may_keep(edge, option):
                    yield option


def with_stage(graph: Network, edge: Edge, option: Option) -> Plan:
    """Layer by layer but for one stage."""
    alone = plan_layer_by_layer(graph).stages
    fused = PlannedStage(edge, option)
    return Plan(graph, (*alone[: edge.first], fused, *alone[edge.last :]))
