"""No buffer is larger than it must be: with a little less of it, some plan gives other bytes.

This also shows that the other tests can fail.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from plan_programs import CrashError, check_bytes, run_plans
from random_models import random_images, random_model
from random_plans import random_plan

from msfcnn.fusion import Cost, Scheme, network
from msfcnn.fusion.cost import Window
from msfcnn.fusion.windows import Resident
from msfcnn.ir import InputMode, Model
from msfcnn.planner import plan_layer_by_layer
from msfcnn.reference import execute
from msfcnn.schedule import Schedule, ScheduledStage, schedule

CANDIDATES = 24  # of which the first that fails is enough
Shrink = Callable[[ScheduledStage], Cost | None]


def overlap(scheme: Scheme) -> Shrink:
    """The region of input and output, where it is between the extremes.

    Row sweeps are accounted for pixel by pixel, single layers run by run, bands row by row.
    """

    def smaller(stage: ScheduledStage) -> Cost | None:
        edge, cost = stage.edge, stage.cost
        if edge.dying is None:
            return None
        source, target = edge.network.sizes[edge.dying], edge.born_bytes
        if stage.option.scheme is not scheme or not max(source, target) < cost.region:
            return None
        _, width, channels = edge.shape
        pixels = {Scheme.LINE: 1, Scheme.LAYER: stage.option.run, Scheme.H_CACHE: width}
        less = pixels[scheme] * channels
        fits = max(source, target) + less <= cost.region < source + target
        return dataclasses.replace(cost, region=cost.region - less) if fits else None

    return smaller


def tail(stage: ScheduledStage) -> Cost | None:
    """The input may begin in the last window, but not a pixel earlier."""
    edge, cost = stage.edge, stage.cost
    if cost.tail is None or edge.dying is None or cost.region >= edge.network.sizes[edge.dying]:
        return None
    pixel = next(step.source[2] for step in edge.steps if edge.dying in step.inputs())
    return dataclasses.replace(cost, region=cost.region - pixel)


def ring(stage: ScheduledStage) -> Cost | None:
    """A pixel less of what waits for several readers."""
    return _window(stage, lambda w: _shorter(w) if w.resident is Resident.RING else w)


def copy(stage: ScheduledStage) -> Cost | None:
    """A pixel less of what waits for a sum beside a window."""
    for tensor, kept in stage.cost.copies.items():
        if kept.pixels > 1:
            fewer = dataclasses.replace(kept, pixels=kept.pixels - 1)
            copies = {**stage.cost.copies, tensor: fewer}
            return dataclasses.replace(stage.cost, copies=copies)
    return None


def _shorter(window: Window) -> Window:
    return dataclasses.replace(window, length=window.length - 1) if window.length > 1 else window


def slots(stage: ScheduledStage) -> Cost | None:
    """A line less of a window."""
    return _window(stage, lambda w: dataclasses.replace(w, slots=w.slots - 1) if w.slots > 1 else w)


def saved(stage: ScheduledStage) -> Cost | None:
    """A saved pixel less."""
    return _window(stage, lambda w: dataclasses.replace(w, save=w.save - 1) if w.save > 1 else w)


def halo(stage: ScheduledStage) -> Cost | None:
    """A kept pixel less of every line."""
    for i, kept in stage.cost.halos.items():
        if kept.pixels > 1:
            fewer = dataclasses.replace(kept, pixels=kept.pixels - 1)
            return dataclasses.replace(stage.cost, halos={**stage.cost.halos, i: fewer})
    return None


def _window(stage: ScheduledStage, change: Callable[[Window], Window]) -> Cost | None:
    for i, window in stage.cost.windows.items():
        if change(window) != window:
            return dataclasses.replace(
                stage.cost, windows={**stage.cost.windows, i: change(window)}
            )
    return None


SHRINKS: dict[str, Shrink] = {
    "overlap-of-a-layer": overlap(Scheme.LAYER),
    "overlap-of-lines": overlap(Scheme.LINE),
    "overlap-of-bands": overlap(Scheme.H_CACHE),
    "tail": tail,
    "ring": ring,
    "copy": copy,
    "slots": slots,
    "saved": saved,
    "halo": halo,
}


SLOW = {"tail", "overlap-of-lines"}  # to find a network that shows them takes long


@pytest.mark.parametrize(
    "shrink",
    [
        pytest.param(shrink, id=name, marks=pytest.mark.long if name in SLOW else ())
        for name, shrink in SHRINKS.items()
    ],
)
def test_a_little_less_is_too_little(shrink: Shrink, tmp_path: Path, engine: Path) -> None:
    tried = itertools.islice(candidates(shrink), CANDIDATES)
    assert any(
        differs(model, smaller, directory_of(tmp_path, number), engine)
        for number, (model, smaller) in enumerate(tried)
    )


def directory_of(place: Path, number: int) -> Path:
    directory = place / str(number)
    directory.mkdir()
    return directory


def candidates(shrink: Shrink) -> Iterator[tuple[Model, Schedule]]:
    """Random plans, one of a network, with one buffer made smaller."""
    for seed in range(1000):
        model = random_model(seed)
        graph, rng = network(model, InputMode.PULL), np.random.default_rng(seed)
        plans = [plan_layer_by_layer(graph), *(random_plan(graph, rng) for _ in range(4))]
        for found in (schedule(p, stretch=False) for p in plans):
            smaller = _smaller(found, shrink)
            if smaller is not None:
                yield model, smaller
                break


def _smaller(found: Schedule, shrink: Shrink) -> Schedule | None:
    for number, stage in enumerate(found.stages):
        if shrink is tail and stage.cost.total < found.peak_ram:
            continue  # there is room below the input
        cost = shrink(stage)
        if cost is not None:
            changed = dataclasses.replace(stage, cost=cost)
            stages = (*found.stages[:number], changed, *found.stages[number + 1 :])
            return dataclasses.replace(found, stages=stages)
    return None


def differs(model: Model, found: Schedule, directory: Path, engine: Path) -> bool:
    """Whether it crashes or gives other bytes than the reference."""
    images = random_images(model, 2, 1)
    try:
        for run in run_plans(model, [found], images, directory, engine):
            check_bytes(model, run, execute(model, images))
    except (CrashError, AssertionError):
        return True
    return False
