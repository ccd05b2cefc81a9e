"""Plans priced in estimated instructions: exact, never worse than those for MACs, and explained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, pairwise

import numpy as np
import pytest
from plan_space import has_bands, may_keep
from random_models import random_model

from msfcnn.costmodel import Coefficients, Work, coefficients_of, cores, measured
from msfcnn.errors import BoardError
from msfcnn.fusion import Edge, Network, Option, Scheme, cost, edges_from, network
from msfcnn.fusion.edges import SPLITS, band_heights, suits
from msfcnn.fusion.graph import (
    LONGER_RUNS,
    FusionGraph,
    least_prices,
    option_of,
    unfused_graph,
    with_bands,
)
from msfcnn.fusion.price import Currency, Place
from msfcnn.fusion.search import Limits
from msfcnn.isa import ISAS
from msfcnn.ops import Add, Sketch, draw_conv
from msfcnn.planner import Goal, NoPlanError, Plan, plan
from msfcnn.planner.space import space_of
from msfcnn.planner.timed import nearly
from msfcnn.schedule import schedule
from msfcnn.toolchain.kernels import kernels_of

SMALL = [seed for seed in range(40) if len(network(random_model(seed)).steps) <= 5][:10]
MEDIUM = [0, *range(6, 24, 3)]  # up to 15 steps: a longer one takes seconds
CHECKED = 300  # options of a network that are priced again


def every_option(edge: Edge) -> Iterator[Option]:
    """Every option that plans for few instructions choose from."""
    height, width, channels = edge.shape
    for run, lean in ((2, True), *((run, False) for run in (2, *LONGER_RUNS))):
        if len(edge.steps) == 1:
            yield Option(Scheme.LAYER, width, run=run, lean=lean)
            continue
        for tight in (True,) if lean else (True, False):
            yield Option(Scheme.LINE, width, run=run, tight=tight, lean=lean)
            if edge.splits:
                for split in (s for s in SPLITS if s < channels):
                    yield Option(Scheme.LINE, width, split=split, run=run, tight=tight, lean=lean)
        if not has_bands(edge):
            continue
        for band in (h for h in band_heights(height) if suits(run, 2, h)):
            plain = Option(Scheme.H_CACHE, band, run=run, lean=lean)
            for count in range(len(edge.inner) + 1):
                for keep in combinations(edge.inner, count):
                    option = replace(plain, keep=frozenset(keep))
                    if may_keep(edge, option):
                        yield option


@dataclass(frozen=True)
class Enumeration:
    """Every edge of a network with the bytes and instructions of all its options."""

    steps: int
    edges: tuple[tuple[int, int, tuple[tuple[int, int], ...]], ...]

    def best(self, ram: int) -> int | None:
        """The fewest estimated instructions within so many bytes, over every path and option."""
        best: list[int | None] = [0] + [None] * self.steps
        for first, last, options in self.edges:
            before = best[first]
            prices = [price for total, price in options if total <= ram]
            if before is not None and prices:
                found, known = before + min(prices), best[last]
                best[last] = found if known is None else min(known, found)
        return best[-1]


@cache
def enumerated(seed: int) -> Enumeration:
    """Edges by their first step, so that what leads to one is known before it."""
    net = small_network(seed)
    return Enumeration(
        len(net.steps),
        tuple(
            (first, edge.last, tuple((c.total, c.instructions) for c in costs))
            for first in range(len(net.steps))
            for edge in edges_from(net, first)
            for costs in [[cost(edge, option) for option in every_option(edge)]]
        ),
    )


def price(found: Plan) -> int:
    return sum(cost(stage.edge, stage.option).instructions for stage in found.stages)


def peak(found: Plan) -> int:
    return max(cost(stage.edge, stage.option).total for stage in found.stages)


def small_network(seed: int) -> Network:
    return network(random_model(seed), isa=("generic", "armv7e-m")[seed % 2])


def graph_of(net: Network, currency: Currency) -> FusionGraph:
    return with_bands(unfused_graph(net, currency=currency), Limits())


@pytest.mark.parametrize("currency", Currency)
@pytest.mark.parametrize("seed", [*SMALL[:4], 5, 11, 23])
def test_the_search_prices_like_cost(seed: int, currency: Currency) -> None:
    net = small_network(seed)
    graph = graph_of(net, currency)
    found = [
        (ends, f, i) for ends, fs in graph.edges.items() for f in fs for i in range(len(f.total))
    ]
    for k in np.random.default_rng(seed).permutation(len(found))[:CHECKED]:
        ends, f, i = found[k]
        again = cost(Edge(net, *ends), option_of(net, ends, f, i))
        assert (f.total[i], f.price[i]) == (again.total, again.price(currency))


@pytest.mark.parametrize("seed", SMALL)
def test_within_ram_a_plan_is_nearly_as_fast_as_that_of_an_enumeration(seed: int) -> None:
    net = small_network(seed)
    enumeration = enumerated(seed)
    least = peak(plan(net, Goal(max_macs=float("inf"))))
    for ram in (least, least + least // 8, least + least // 2, 2 * least, 10 * least):
        found = plan(net, Goal(max_ram=ram))
        assert peak(found) <= ram
        best = enumeration.best(ram)
        assert best is not None
        assert price(found) <= nearly(best)
        smaller = enumeration.best(peak(found) - 1)
        assert smaller is None or smaller > nearly(best)
    with pytest.raises(NoPlanError, match="not enough"):
        plan(net, Goal(max_ram=least - 1))


@pytest.mark.parametrize("seed", MEDIUM)
def test_within_ram_instructions_are_never_more_than_those_of_the_least_macs(seed: int) -> None:
    net = small_network(seed)
    least = peak(plan(net, Goal(max_macs=float("inf"))))
    for ram in (least, 2 * least):
        timed = plan(net, Goal(max_ram=ram))
        counted = plan(net, Goal(max_ram=ram, max_macs=float("inf")))
        assert price(timed) <= nearly(price(counted))


@pytest.mark.parametrize("seed", SMALL)
@pytest.mark.parametrize("factor", [1.0, 1.2, 3.0])
def test_a_bound_on_time_holds_and_takes_the_least_ram(seed: int, factor: float) -> None:
    net = small_network(seed)
    goal = Goal(max_time=factor)
    most = factor * space_of(net, goal).fastest.price
    found = plan(net, goal)
    assert price(found) <= most
    smaller = enumerated(seed).best(peak(found) - 1)
    assert smaller is None or smaller > most


def test_too_little_ram_for_a_time_names_both_ways_out() -> None:
    net = small_network(SMALL[0])
    least = peak(plan(net, Goal(max_time=1.0)))
    with pytest.raises(NoPlanError, match="--max-time-factor 1: the network needs at least") as e:
        plan(net, Goal(max_ram=least - 1, max_time=1.0))
    assert e.value.best_ram == least
    assert f"--max-ram {least}" in e.value.problems[0].hint


@pytest.mark.parametrize("seed", MEDIUM)
def test_no_plan_pays_less_than_the_floors(seed: int) -> None:
    net = small_network(seed)
    for currency in Currency:
        assert sum(least_prices(net, currency=currency)) <= sum(
            cost(s.edge, s.option).price(currency) for s in plan(net, Goal(max_ram=1 << 30)).stages
        )


@pytest.mark.parametrize("seed", MEDIUM)
def test_spare_ram_never_makes_a_schedule_slower(seed: int) -> None:
    planned = plan(small_network(seed), Goal())
    before = schedule(planned, stretch=False)
    after = schedule(planned)
    assert after.instructions <= before.instructions
    assert after.peak_ram == before.peak_ram


def test_every_instruction_set_and_core_is_measured() -> None:
    for isa in ISAS.values():
        found = coefficients_of(isa.name, isa.core)
        assert (found.isa, found.core) == (isa.name, isa.core)
        assert coefficients_of(isa.name, "no such core", isa.core) == found
        assert isa.core in cores()


@pytest.mark.parametrize("known", measured(), ids=lambda c: f"{c.isa}-{c.core}")
def test_more_pixels_and_channels_take_more_instructions(known: Coefficients) -> None:
    name = next(k for k in known.kernels if "pointwise" in k)
    works = [some_work(name, channels) for channels in (8, 16, 64)]
    for narrow, wide in pairwise(works):
        assert known.kernel(narrow, 4) < known.kernel(wide, 4)
    assert all(known.kernel(works[0], n) < known.kernel(works[0], n + 2) for n in range(1, 15))


@pytest.mark.parametrize("known", measured(), ids=lambda c: f"{c.isa}-{c.core}")
def test_a_kernel_that_nobody_measured_is_an_error(known: Coefficients) -> None:
    with pytest.raises(BoardError, match="never measured") as e:
        known.kernel(some_work("msfcnn_new", 8), 4)
    assert "tools/fit_costs.py" in e.value.problems[0].hint
    assert f"--isa {known.isa} --only msfcnn_new" in e.value.problems[0].hint


def some_work(kernel: str, channels: int) -> Work:
    return Work(
        kernel=kernel,
        channels=channels,
        positions=1,
        taps=32,
        inputs=32,
        clamped=False,
        shape="",
        pairs=True,
    )


@pytest.mark.parametrize(
    ("isa", "own"), [("armv7e-m", "msfcnn_add_v7em"), ("armv8.1-m.mve", "msfcnn_add_mve")]
)
def test_sums_with_ties_are_priced_as_the_portable_code_that_they_run_in(
    isa: str, own: str
) -> None:
    sketch = Sketch((6, 6, 8))
    draw_conv(sketch, 8, 1)
    alike = sketch.newest.quantization
    shape, prices = sketch.newest.shape, {}
    for scale in (1, 2):  # half the sum of two integers lies between two outputs or on one
        sketch.add(
            lambda node, x, y: Add(node, 1, 0, y), shape, replace(alike, scale=scale * alike.scale)
        )
    net = network(sketch.model("ties"), isa=isa)
    for step in net.steps[-2:]:
        prices[step.kernels.inner.name] = int(net.instructions.line(step, Place(inner=True), 4)[-1])
    assert list(prices) == [own, "msfcnn_add"]
    assert prices["msfcnn_add"] > prices[own]


def test_all_kernels_of_the_list_are_measured() -> None:
    """On every core that stands for a family: an own kernel there, a portable one everywhere."""
    for isa in ISAS.values():
        known = coefficients_of(isa.name, isa.core).kernels
        keys = {key.split()[0] for key in known}
        assert kernels_of(isa.name) <= keys
