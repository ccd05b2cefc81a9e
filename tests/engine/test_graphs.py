"""Stages that are graphs: every plan of a network with branches gives the reference's bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from random_graphs import (
    gated_blocks,
    many_sums,
    odd_hourglass,
    random_gates,
    random_graph,
    resized_graph,
    two_views,
    wild_graph,
)
from random_models import random_images, random_model
from random_plans import random_plan
from test_engine import check_plans, every_option, with_stage

from msfcnn.fusion import (
    Network,
    Option,
    Scheme,
    edges_from,
    gates,
    in_two_passes,
    network,
    two_passes,
)
from msfcnn.ir import InputMode, Model
from msfcnn.planner import Goal, Plan, PlannedStage, plan, plan_layer_by_layer
from msfcnn.schedule import Schedule, schedule

TOGETHER = 8  # networks of a long test
MODES = tuple(InputMode)


# makers of networks: how many are quick, and how many there are
FAMILIES: dict[Callable[[int], Model], tuple[int, int]] = {
    random_graph: (6, 400),
    random_gates: (3, 3),
    resized_graph: (3, 83),
    wild_graph: (3, 83),
}
MANY = [
    (make, first, min(first + TOGETHER, all_))
    for make, (quick, all_) in FAMILIES.items()
    for first in range(quick, all_, TOGETHER)
]


@pytest.mark.parametrize(
    ("make", "seed"), [(m, seed) for m, (quick, _) in FAMILIES.items() for seed in range(quick)]
)
def test_graphs(make: Callable[[int], Model], seed: int, tmp_path: Path, engine: Path) -> None:
    check_graph(seed, tmp_path, engine, make)


@pytest.mark.long
@pytest.mark.parametrize(("make", "first", "end"), MANY)
def test_many_graphs(
    make: Callable[[int], Model], first: int, end: int, tmp_path: Path, engine: Path
) -> None:
    each(range(first, end), tmp_path, lambda seed, place: check_graph(seed, place, engine, make))


def each(seeds: Iterable[int], directory: Path, check: Callable[[int, Path], None]) -> None:
    """A directory of its own for each network."""
    for seed in seeds:
        place = directory / str(seed)
        place.mkdir()
        check(seed, place)


@pytest.mark.parametrize("seed", range(2))
def test_a_way_beside_that_reads_more_lines(seed: int, tmp_path: Path, engine: Path) -> None:
    """Every option of the stage that is all of a U-Net of odd size.

    The last line is asked for by the reader that needs the fewest pixels of it, so a band does not
    complete it: no halo can be kept of it.
    """
    model = odd_hourglass(seed)
    graph = network(model)
    whole = edges_from(graph, 0)[-1]
    options = list(every_option(whole))
    assert len(whole.steps) == len(graph.steps)
    assert any(option.keep for option in options)
    schedules = [schedule(with_stage(graph, whole, o), stretch=False) for o in options]
    check_plans(model, schedules, random_images(model, 2, seed), tmp_path, engine)


def test_maps_of_any_size_with_the_small_engine(tmp_path: Path, small_engine: Path) -> None:
    check_graph(4, tmp_path, small_engine, resized_graph)


def test_many_sums_of_one_map(tmp_path: Path, engine: Path) -> None:
    """The planner looks at stages that begin between the convolutions whose sums they compute."""
    model = many_sums(8)
    chosen = schedule(plan(network(model), Goal()), stretch=False)
    check_plans(model, [chosen], random_images(model, 2, 0), tmp_path, engine)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(8))
def test_all_plans_of_many_sums(seed: int, tmp_path: Path, engine: Path) -> None:
    check_graph(seed, tmp_path, engine, many_sums)


@pytest.mark.parametrize("seed", range(3))
def test_gates_in_two_passes(seed: int, tmp_path: Path, engine: Path) -> None:
    check_two_passes(seed, tmp_path, engine)


@pytest.mark.long
@pytest.mark.parametrize("first", range(3, 75, TOGETHER))
def test_many_gates_in_two_passes(first: int, tmp_path: Path, engine: Path) -> None:
    seeds = range(first, first + TOGETHER)
    each(seeds, tmp_path, lambda seed, place: check_two_passes(seed, place, engine))


def check_two_passes(seed: int, directory: Path, engine: Path) -> None:
    """What a gate multiplies is computed again: any plan of that gives the reference's bytes."""
    model = (random_gates, gated_blocks)[seed % 2](seed)
    graph = network(model, MODES[seed // 2 % len(MODES)])
    found = gates(graph)
    for gate in found:
        graph = in_two_passes(graph, gate)
    assert len(two_passes(graph)) == len(found) >= seed % 2
    rng = np.random.default_rng(seed)
    schedules = [schedule(plan_layer_by_layer(graph))]
    schedules += [schedule(plan(graph, Goal(max_macs=float("inf"))), stretch=False)]
    schedules += [schedule(random_plan(graph, rng), stretch=n == 2) for n in range(4)]
    check_plans(model, schedules, random_images(model, 2, seed), directory, engine)


@pytest.mark.parametrize("seed", [1, 4])
def test_random_graphs_with_the_small_engine(seed: int, tmp_path: Path, small_engine: Path) -> None:
    check_graph(seed, tmp_path, small_engine)


def test_two_views_of_one_tensor(tmp_path: Path, engine: Path) -> None:
    """Stages behind a map that is whole never see it in two shapes."""
    model = two_views(0)
    graph = network(model)
    rng = np.random.default_rng(0)
    schedules = [schedule(random_plan(graph, rng), stretch=False) for _ in range(8)]
    check_plans(model, schedules, random_images(model, 2, 0), tmp_path, engine)


@pytest.mark.parametrize(
    ("seed", "mode", "first", "last"),
    [(5037, InputMode.PULL, 0, 6), (5064, InputMode.IMAGE, 4, 11)],
)
def test_an_output_on_the_way_to_a_sum(
    seed: int, mode: InputMode, first: int, last: int, tmp_path: Path, engine: Path
) -> None:
    """What the sum reads late waits for whole lines of that output, however short the runs."""
    model = random_model(seed)
    graph = network(model, mode)
    edge = next(e for e in edges_from(graph, first) if e.last == last)
    assert len(edge.ends) == 2
    layers = plan_layer_by_layer(graph).stages
    schedules = []
    for run in (1, 2):
        option = Option(Scheme.LINE, edge.shape[1], run=run, tight=True)
        stages = (*layers[:first], PlannedStage(edge, option), *layers[last:])
        schedules.append(schedule(Plan(graph, stages), stretch=False))
    check_plans(model, schedules, random_images(model, 2, 1), tmp_path, engine)


def test_chosen_plans_with_an_output_on_the_way_to_a_sum(tmp_path: Path, engine: Path) -> None:
    """Here the planner itself takes a stage that reaches across such an output."""
    model = random_model(5140)
    schedules = [schedule(plan(network(model, mode), Goal())) for mode in MODES]
    assert any(len(stage.edge.ends) > 1 for s in schedules for stage in s.stages)
    check_plans(model, schedules, random_images(model, 2, 1), tmp_path, engine)


def check_graph(
    seed: int, directory: Path, engine: Path, make: Callable[[int], Model] = random_graph
) -> None:
    """Six plans: layer by layer, two of the planner, and random ones."""
    model = make(seed)
    schedules = plans_of(network(model, MODES[seed % len(MODES)]), seed)
    check_plans(model, schedules, random_images(model, 2, seed), directory, engine)


def plans_of(graph: Network, seed: int) -> list[Schedule]:
    rng = np.random.default_rng(seed)
    chosen = [plan(graph, Goal(max_macs=factor)) for factor in (1.0, float("inf"))]
    found = [schedule(plan_layer_by_layer(graph)), *(schedule(p, stretch=False) for p in chosen)]
    return [*found, *(schedule(random_plan(graph, rng), stretch=n == 2) for n in range(3))]


def test_the_graphs_are_what_they_are_for() -> None:
    """Kinds of ops; stages with several readers, several writers and several ends."""
    many = [random_graph(seed) for seed in range(50)]
    kinds = Counter(kind for model in many for kind in {type(op).__name__ for op in model.ops})
    assert min(kinds[name] for name in ("Concat", "Mul", "Upsample", "Bilinear", "Select")) >= 4
    assert sum(len(model.outputs) > 1 for model in many) > 20
    stages = [
        stage
        for seed, model in enumerate(many[:4])
        for found in plans_of(network(model), seed)
        for stage in found.stages
    ]
    readers = [stage.edge.network.readers[t] for stage in stages for t in stage.cost.windows]
    writers = [stage.edge.network.writers[t] for stage in stages for t in stage.cost.windows]
    assert sum(len(r) > 1 for r in readers) > 30
    assert sum(len(w) > 1 for w in writers) > 8
    assert sum(len(stage.edge.ends) > 1 for stage in stages) > 6
