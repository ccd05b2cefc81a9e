"""The order of the steps is the planner's choice: that of the nodes in the file says nothing."""

from __future__ import annotations

import functools
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from random_graphs import random_graph
from random_models import random_images, random_model

from msfcnn.fusion import Network, Schemes, network
from msfcnn.fusion.order import joined_in_place, orders
from msfcnn.ir import Model
from msfcnn.planner import Goal, plan
from msfcnn.planner.space import Space, space_of
from msfcnn.reference import execute
from msfcnn.schedule import schedule

FACTORS = (1.0, 1.3)
QUICK, ALL = 4, 200
LONG = functools.partial(pytest.param, marks=pytest.mark.long)


def shuffled(model: Model, rng: np.random.Generator) -> Model:
    """The same network with its ops in another order that its tensors allow."""
    written, left, order = {model.input.tensor}, list(model.ops), []
    while left:
        ready = [op for op in left if all(t in written for t in op.inputs)]
        op = ready[int(rng.integers(len(ready)))]
        left.remove(op)
        order.append(op)
        written.add(op.output)
    return replace(model, ops=tuple(order))


def peaks(model: Model) -> list[int]:
    graph = network(model)
    space = space_of(graph, Goal())
    plans = [plan(graph, Goal(max_macs=factor), space) for factor in FACTORS]
    return [schedule(found, stretch=False).peak_ram for found in plans]


@pytest.mark.parametrize("seed", [*range(QUICK), *map(LONG, range(QUICK, ALL))])
def test_permuted_nodes_never_change_the_best_peak(seed: int) -> None:
    model, rng = random_graph(seed), np.random.default_rng(seed)
    expected = peaks(model)
    assert peaks(shuffled(model, rng)) == expected


@pytest.mark.parametrize("seed", [3, *map(LONG, range(QUICK, ALL))])
def test_an_order_that_is_given_up_early_is_no_better(seed: int) -> None:
    graph = network(random_graph(seed))
    each = [Space(network=order, schemes=Schemes.ALL, run=2) for order in orders(graph)]
    assert space_of(graph, Goal(run=2)).least_bytes() == min(space.least_bytes() for space in each)


def test_shuffled_networks_compute_the_same() -> None:
    model = random_graph(1)
    images = random_images(model, 1, 0)
    other = shuffled(model, np.random.default_rng(1))
    assert other.ops != model.ops
    for a, b in zip(execute(model, images), execute(other, images), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("make", [random_graph, random_model])
def test_orders_run_every_step_once_after_what_it_reads(make: object) -> None:
    assert callable(make)
    for seed in range(20):
        graph = network(make(seed))
        joined = joined_in_place(graph)
        variants = [kernels(graph), *([] if joined is None else [kernels(joined)])]
        for order in orders(graph):
            assert kernels(order) in variants
            for i, step in enumerate(order.steps):
                for tensor in step.inputs():
                    assert all(k < i for k in order.writers.get(tensor, ()))


def kernels(graph: Network) -> list[tuple[int, int]]:
    return sorted((step.op, step.part) for step in graph.steps)


def test_a_chain_has_one_order() -> None:
    chain = next(
        graph
        for graph in (network(random_model(seed)) for seed in range(50))
        if len(graph.steps) > 4 and all(b.x == a.z for a, b in pairwise(graph.steps))
    )
    assert len(orders(chain)) == 1
