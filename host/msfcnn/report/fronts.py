"""Trade-offs of a network: RAM against MACs and against time, with what to compare them with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from msfcnn.errors import InfeasibleError
from msfcnn.fusion import network
from msfcnn.ir import InputMode, Model
from msfcnn.options import Options
from msfcnn.pipeline import folded, lay_out, plan_space
from msfcnn.planner import plan_layer_by_layer
from msfcnn.report.plan import pareto_report
from msfcnn.schedule import schedule

TIMED = 10  # points of the front in time: each is a plan of its own


@dataclass(frozen=True, kw_only=True)
class FrontPoint:
    """A plan: bytes of arena, MACs executed / MACs of the network, estimated instructions."""

    ram: int
    factor: float
    instructions: int | None = None


@dataclass(frozen=True, kw_only=True)
class Fronts:
    """Trade-offs within one plan space, by descending RAM.

    macs:   RAM against MACs; all that no other plan beats.
    time:   RAM against estimated instructions; some of them, the plans found within their RAM.
    paper:  RAM against MACs in the plan space of the msf-CNN paper, counted as the paper does.
    layers: layer by layer, without fusion.
    chosen: the plan that was asked for; None where nothing fits its bound.
    limits: the RAM that boards leave to the arena, by name.
    """

    macs: tuple[FrontPoint, ...]
    time: tuple[FrontPoint, ...]
    paper: tuple[FrontPoint, ...]
    layers: FrontPoint
    chosen: FrontPoint | None
    limits: tuple[tuple[str, int], ...]


def fronts_report(
    source: Model, options: Options, limits: Sequence[tuple[str, int]] = ()
) -> Fronts:
    """All trade-offs whatever the bounds of the options, which decide `chosen` alone."""
    free = replace(options, max_ram=None, max_macs=None, max_time_factor=None, schemes="all")
    macs = tuple(
        FrontPoint(ram=point.peak_ram, factor=point.recompute_factor)
        for point in pareto_report(source, free).points
    )
    paper = pareto_report(source, replace(free, schemes="paper")).points
    layers = _layer_by_layer(source, free)
    chosen = _chosen(_Plans(source, options), options)
    return Fronts(
        macs=macs,
        time=_timed(source, free, [*(point.ram for point in macs), layers.ram], chosen),
        paper=tuple(FrontPoint(ram=p.peak_ram, factor=p.recompute_factor) for p in paper),
        layers=layers,
        chosen=chosen,
        limits=tuple(limits),
    )


def _chosen(found: _Plans, options: Options) -> FrontPoint | None:
    try:
        return found.point(options)
    except InfeasibleError:
        return None


class _Plans:
    """Plans of one network for several bounds, from one plan space."""

    def __init__(self, source: Model, options: Options) -> None:
        self._model, _ = folded(source, options.keep_dead_channels)
        self._space = plan_space(self._model, options)

    def point(self, options: Options) -> FrontPoint:
        """The plan that these options ask for. Raises InfeasibleError."""
        _, scheduled, laid_out = lay_out(self._model, self._space, options)
        return FrontPoint(
            ram=laid_out.peak_ram,
            factor=_factor(scheduled.macs, self._space.network.macs),
            instructions=scheduled.instructions,
        )


def _layer_by_layer(source: Model, options: Options) -> FrontPoint:
    """The point of a network that is not fused."""
    model, _ = folded(source, options.keep_dead_channels)
    steps = network(model, InputMode(options.input), options.isa, options.core)
    found = schedule(plan_layer_by_layer(steps))
    return FrontPoint(
        ram=found.peak_ram,
        factor=_factor(found.macs, steps.macs),
        instructions=found.instructions,
    )


def _timed(
    source: Model, options: Options, sizes: Sequence[int], chosen: FrontPoint | None
) -> tuple[FrontPoint, ...]:
    """The fastest plans within sizes evenly spread between the least and the largest, and one."""
    low, high = min(sizes), max(sizes)
    asked = {round(low * math.exp(math.log(high / low) * i / (TIMED - 1))) for i in range(TIMED)}
    plans = _Plans(source, replace(options, max_ram=high))
    found = [plans.point(replace(options, max_ram=max(low, size))) for size in sorted(asked)]
    found += [] if chosen is None else [chosen]
    return tuple(
        point
        for point in sorted(set(found), key=lambda p: -p.ram)
        if not any(_beats(other, point) for other in found)
    )


def _beats(other: FrontPoint, point: FrontPoint) -> bool:
    assert other.instructions is not None
    assert point.instructions is not None
    mine, its = (point.ram, point.instructions), (other.ram, other.instructions)
    return its != mine and its[0] <= mine[0] and its[1] <= mine[1]


def _factor(executed: int, macs: int) -> float:
    return executed / macs if macs else 1.0
