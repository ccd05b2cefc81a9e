"""The search prices all options of an edge together; `cost` prices one: they agree to the byte."""

from __future__ import annotations

from dataclasses import replace

import pytest
from plan_space import Figures, all_options, figures, pareto
from random_graphs import random_graph, repeated_blocks
from random_models import random_model

from msfcnn.fusion import Currency, Edge, Network, cost, edges, edges_from, network, orders
from msfcnn.fusion.graph import FusionGraph, option_of, unfused_graph, with_bands
from msfcnn.fusion.repeats import Repeats
from msfcnn.fusion.search import FoundEdges, Limits
from msfcnn.fusion.steps import SearchMemory
from msfcnn.ir import InputMode, Model
from msfcnn.planner import Goal, space_of
from msfcnn.planner.paths import cheapest
from msfcnn.planner.table import Bound, table

QUICK, ALL = 6, 120
TOGETHER = 6
LONGEST = 6  # steps of a chain whose options are all enumerated
SPLITS = (2, 3, 5)


@pytest.fixture(autouse=True)
def _small_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edges, "SPLITS", SPLITS)


LONG = [2, 54]  # 54: a skip from a concatenation


@pytest.mark.parametrize(
    "seed", [0, 1, 4, 5, *(pytest.param(s, marks=pytest.mark.long) for s in LONG)]
)
def test_search_equals_cost(seed: int) -> None:
    check(seed)


@pytest.mark.long
@pytest.mark.parametrize("first", [3, *range(QUICK, ALL, TOGETHER)])
def test_search_equals_cost_of_many(first: int) -> None:
    for seed in range(first, first + TOGETHER):
        check(seed)


def check(seed: int) -> None:
    model = random_model(seed)
    for mode in InputMode:
        graph = network(model, mode)
        found = with_bands(unfused_graph(graph), Limits())
        for first in range(len(graph.steps)):
            for edge in edges_from(graph, first):
                ends = (edge.first, edge.last)
                priced = priced_options(found, ends)
                assert len(edge.steps) > LONGEST or pareto(priced) == pareto(
                    figures(cost(edge, o)) for o in all_options(edge, SPLITS)
                ), f"{mode} {ends}"


def test_what_wider_limits_found_is_what_narrower_ones_would_find(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert recalled(random_graph(3), monkeypatch, wider=True) > 0


@pytest.mark.parametrize("seed", range(2))
def test_repeated_blocks_are_searched_once(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert recalled(repeated_blocks(seed), monkeypatch) > 0


@pytest.mark.long
@pytest.mark.parametrize("first", range(2, 202, 10))
def test_repeats_change_nothing(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    models = [m for s in range(first, first + 10) for m in (repeated_blocks(s), random_graph(s))]
    assert sum(recalled(model, monkeypatch) for model in models) > 0


@pytest.mark.parametrize("seed", [3, *(pytest.param(s, marks=pytest.mark.long) for s in range(40))])
def test_what_one_order_found_serves_the_others(seed: int) -> None:
    first, *others = orders(network(random_graph(seed)))
    assert space_of(first, Goal()).least_bytes() is not None  # fills what all orders share
    for order in others:
        alone = replace(order, memory=SearchMemory())
        for limits in (Limits(), Limits(steps=3), Limits(ram=4000, extra=0)):
            shared, fresh = (table(with_bands(unfused_graph(n), limits)) for n in (order, alone))
            for size in fresh.sizes():
                a, b = (cheapest(t, Bound(size)) for t in (shared, fresh))
                assert (a and a.price) == (b and b.price), (size, limits)


def recalled(model: Model, monkeypatch: pytest.MonkeyPatch, wider: bool = False) -> int:
    """How many searches were found again; each as if it had been made anew.

    wider: after searches without limits.
    """
    graph, count = network(model), 0
    recall = Repeats.recall

    def counting(repeats: Repeats, *of: object) -> object:
        nonlocal count
        found = recall(repeats, *of)
        count += found is not None
        return found

    limit = min(space_of(graph, Goal()).least_bytes())
    for currency in Currency:
        if wider:
            searched(graph, currency, 1 << 30)
        with monkeypatch.context() as patch:
            patch.setattr(Repeats, "recall", counting)
            once = searched(graph, currency, limit)
            patch.setattr(Repeats, "recall", lambda *_: None)
            anew = searched(graph, currency, limit)
        assert list(once) == list(anew)
        for ends, options in anew.items():
            for a, b in zip(once[ends], options, strict=True):
                for field, value in vars(b).items():
                    assert (getattr(a, field) == value) is True or (
                        getattr(a, field).tolist() == value.tolist()
                    ), (ends, field)
    return count


def searched(graph: Network, currency: Currency, ram: int) -> FoundEdges:
    found = unfused_graph(graph, currency=currency, limits=Limits(ram=ram))
    return with_bands(found, Limits(ram=ram)).edges


def priced_options(graph: FusionGraph, ends: tuple[int, int]) -> list[Figures]:
    """What the search found for an edge; each is an option that costs just that."""
    edge = Edge(graph.network, *ends)
    points = []
    for found in graph.edges[ends]:
        for i in range(len(found.total)):
            point = int(found.total[i]), int(found.without_io[i]), int(found.price[i])
            option = option_of(graph.network, ends, found, i)
            assert figures(cost(edge, option)) == point, f"{ends} {option}"
            points.append(point)
    return points
