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
from msfcnn.ir import InputMode, Model
from msfcnn.planner import plan_layer_by_layer
from msfcnn.reference import execute
from msfcnn.schedule import Schedule, ScheduledStage, schedule

CANDIDATES = 8  # of which the first that fails is enough
Shrink = Callable[[ScheduledStage], Cost | None]


def overlap(scheme: Scheme) -> Shrink:
    """The region of input and output, where it is between the extremes.

    Row sweeps are accounted for pixel by pixel, single layers run by run, bands row by row.
    """

    def smaller(stage: ScheduledStage) -> Cost | None:
        chain, cost = stage.chain, stage.cost
        source, target = chain.input_bytes, chain.output_bytes
        if stage.option.scheme is not scheme or not max(source, target) < cost.region:
            return None
        _, width, channels = chain.shapes[-1]
        pixels = {Scheme.LINE: 1, Scheme.LAYER: stage.option.run, Scheme.H_CACHE: width}
        less = pixels[scheme] * channels
        fits = max(source, target) + less <= cost.region < source + target
        return dataclasses.replace(cost, region=cost.region - less) if fits else None

    return smaller


def tail(stage: ScheduledStage) -> Cost | None:
    """The input may begin in the last window, but not a pixel earlier."""
    chain, cost = stage.chain, stage.cost
    if not cost.tail or cost.region >= chain.input_bytes:
        return None
    return dataclasses.replace(cost, region=cost.region - chain.shapes[0][2])


def ring(stage: ScheduledStage) -> Cost | None:
    """A pixel less of what waits for a sum."""
    rings = stage.cost.rings
    if not rings or rings[0].pixels < 2:
        return None
    first = dataclasses.replace(rings[0], pixels=rings[0].pixels - 1)
    return dataclasses.replace(stage.cost, rings=(first, *rings[1:]))


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
    "slots": slots,
    "saved": saved,
    "halo": halo,
}


@pytest.mark.parametrize("shrink", SHRINKS.values(), ids=SHRINKS)
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
