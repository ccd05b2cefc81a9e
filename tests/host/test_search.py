"""The search prices all options of an edge together; `cost` prices one: they agree to the byte."""

from __future__ import annotations

import pytest
from plan_space import Figures, all_options, figures, pareto
from random_models import random_model

from msfcnn.fusion import Edge, cost, edges, edges_from, network
from msfcnn.fusion.graph import FusionGraph, option_of, unfused_graph, with_bands
from msfcnn.fusion.search import Limits
from msfcnn.ir import InputMode

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
