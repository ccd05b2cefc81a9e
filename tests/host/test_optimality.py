"""The planner against brute force: every path, every option, priced one by one."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from plan_space import Figures, all_plans, figures, pareto
from random_graphs import random_graph
from random_models import random_model

from msfcnn.errors import InfeasibleError
from msfcnn.fusion import Network, cost, edges, network
from msfcnn.fusion.graph import Schemes
from msfcnn.fusion.options import DEFAULT_RUN
from msfcnn.fusion.order import orders
from msfcnn.ir import InputMode
from msfcnn.isa.armv7em_packing import PAIR_TAPS
from msfcnn.ops import Sketch, draw_conv
from msfcnn.planner import Goal, Plan, neighbours, plan
from msfcnn.planner import pareto as front
from msfcnn.planner.passes import variants
from msfcnn.planner.space import Space
from msfcnn.planner.table import ANY

QUICK, ALL = 5, 200
TOGETHER = 8  # networks of a long test
SMALL = (1, 2)  # blocks
SPLITS = (2, 3, 5)  # small networks have few channels
INFINITE = float("inf")
FACTORS = (1.0, 1.05, 1.1, 1.3, 1.5, 2.0, INFINITE)
MODES = tuple(InputMode)


def small_networks() -> Iterator[Network]:
    """Random networks of 3 to 7 steps, their image whole, pushed or pulled in turn."""
    for seed in range(10_000):
        found = network(random_model(seed), MODES[seed % len(MODES)])
        if 3 <= len(found.steps) <= 7:
            yield found


def nth(indices: range) -> list[Network]:
    return [n for i, n in zip(range(indices.stop), small_networks(), strict=False) if i in indices]


def small_graphs() -> Iterator[Network]:
    """Likewise with branches."""
    for seed in range(10_000):
        found = network(random_graph(seed, SMALL), MODES[seed % len(MODES)])
        if 3 <= len(found.steps) <= 7:
            yield orders(found)[0]


@pytest.fixture(autouse=True)
def _small_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edges, "SPLITS", SPLITS)
    monkeypatch.setattr(sys.modules["msfcnn.planner.neighbours"], "NEXT_BYTES", 16)


def test_optimality() -> None:
    for graph in nth(range(QUICK)):
        check(graph)


@pytest.mark.long
@pytest.mark.parametrize("first", range(QUICK, ALL, TOGETHER))
def test_optimality_of_many(first: int) -> None:
    for graph in nth(range(first, min(first + TOGETHER, ALL))):
        check(graph)


@pytest.mark.parametrize("channels", [1, 2, 7])
def test_a_network_of_a_few_bytes_has_a_best_plan(channels: int) -> None:
    net = Sketch((1, 1, channels))
    draw_conv(net, channels, 1)
    check(network(net.model("tiny"), InputMode.IMAGE))


@pytest.mark.parametrize("channels", [64, 320])
def test_the_least_ram_has_no_scratch_that_a_kernel_can_do_without(channels: int) -> None:
    """Two pixels at a time want scratch; of many taps the kernel can do with one pixel."""
    net = Sketch((8, 8, channels))
    draw_conv(net, 8, 1)
    graph = network(net.model("wide"), InputMode.IMAGE, "armv7e-m")
    (stage,) = plan(graph, Goal(max_macs=1.0)).stages
    (step,) = stage.edge.steps
    found = cost(stage.edge, replace(stage.option, run=DEFAULT_RUN, lean=True))
    assert found.scratch == (0 if channels > PAIR_TAPS else step.kernels.first.scratch)
    assert cost(stage.edge, stage.option).total <= found.total


@pytest.mark.parametrize("number", range(4))
def test_optimality_of_graphs(number: int) -> None:
    check(next(itertools.islice(small_graphs(), number, None)))


@pytest.mark.long
@pytest.mark.parametrize("first", range(4, ALL, TOGETHER))
def test_optimality_of_many_graphs(first: int) -> None:
    for graph in itertools.islice(small_graphs(), first, first + TOGETHER):
        check(graph)


def check(graph: Network) -> None:
    """Of one order of its steps."""
    space = Space(network=graph, schemes=Schemes.ALL, run=DEFAULT_RUN)
    # with gates in two passes, too
    plans = [all_plans(variant.network, SPLITS) for variant in variants(space)]
    everything = np.concatenate(plans)
    for factor in FACTORS:
        most = int(factor * graph.macs + 1e-6) if factor < INFINITE else ANY
        assert found_for(graph, Goal(max_macs=factor)) == least_ram(everything, most)
    sizes = np.unique(everything[:, 0])
    for limit in {int(s) for s in (sizes[0], *np.quantile(sizes, (0.2, 0.5, 0.9)))}:
        ram, _, macs = found_for(graph, Goal(max_ram=limit, max_macs=INFINITE))
        assert ram <= limit
        assert macs == everything[everything[:, 0] <= limit, 2].min()
    with pytest.raises(InfeasibleError) as caught:
        plan(graph, Goal(max_ram=int(sizes[0]) - 1, max_macs=INFINITE), space)
    assert caught.value.best_ram == sizes[0]
    check_neighbours(graph, everything)
    assert {(p.ram, p.without_io, p.macs) for p in front(graph, Goal(), space)} == set(
        fronts(everything)
    )


def check_neighbours(graph: Network, everything: NDArray[np.int64]) -> None:
    """A little more and a little less RAM than the plan needs: the fewest MACs of all in that."""
    for factor in (1.0, 1.3, INFINITE):
        goal = Goal(max_macs=factor)
        space = Space(network=graph, schemes=Schemes.ALL, run=DEFAULT_RUN)
        ram, _, _ = total(plan(graph, goal, space))
        for found in neighbours(space, goal, ram):
            fits = everything[everything[:, 0] <= ram + found.more, 2]
            assert found.macs == (fits.min() if len(fits) else None)


def found_for(graph: Network, goal: Goal) -> Figures:
    """Figures of the plan, priced stage by stage."""
    return total(plan(graph, goal, Space(network=graph, schemes=goal.schemes, run=goal.run)))


def total(found: Plan) -> Figures:
    stages = [figures(cost(s.edge, s.option)) for s in found.stages]
    rams, bares, macs = zip(*stages, strict=True)
    return max(rams), max(bares), sum(macs)


def least_ram(plans: NDArray[np.int64], macs: int) -> Figures:
    """P1: least bytes, of those the least as the paper counts, of those the least MACs."""
    return min(map(as_figures, plans[plans[:, 2] <= macs]))


def as_figures(row: NDArray[np.int64]) -> Figures:
    ram, bare, macs = row.tolist()
    return ram, bare, macs


def fronts(plans: NDArray[np.int64]) -> list[Figures]:
    """Of the fronts of either way of counting those that nothing beats in all three figures."""
    chosen = [*_front(plans, 0, 1), *_front(plans, 1, 0)]
    return pareto(chosen)


def _front(plans: NDArray[np.int64], counted: int, other: int) -> list[Figures]:
    """The front of bytes and MACs, each point with the least bytes in the other way of counting."""
    order = np.lexsort([plans[:, other], plans[:, 2], plans[:, counted]])
    kept: list[Figures] = []
    for ram, bare, macs in (as_figures(plans[i]) for i in order):
        if not kept or macs < kept[-1][2]:
            kept.append((ram, bare, macs))
    return kept
