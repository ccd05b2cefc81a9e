"""From a plan to what each stage really does.

The peak is set by the largest stage; all others have RAM to spare, which costs nothing to use.
"""

from __future__ import annotations

from dataclasses import replace

from msfcnn.fusion import Cost, Edge, Option, cost, costs
from msfcnn.planner import Plan
from msfcnn.schedule.runs import with_longer_runs
from msfcnn.schedule.types import Schedule, ScheduledStage

# pixels, beside all numbers up to 16: tiles of two or three divide them, and most maps are as wide
LONG_RUNS = (72, 48, 36, 24, 18)
LONGEST_SHORT_RUN = 16


def schedule(
    plan: Plan, stretch: bool = True, room: int | None = None, own_runs: bool = True
) -> Schedule:
    """The stages of a plan with their buffers.

    With `stretch`, the RAM that the peak of the plan leaves to a stage is spent on speed: longer
    runs, and windows of whole lines, where nothing has to be saved. `room` is RAM in bytes that
    may be used in any case. With `own_runs`, ops have longer runs than their stages where that
    takes no RAM.
    """
    stages = [_stage(p.edge, p.option) for p in plan.stages]
    if stretch:
        peak = max(room or 0, *(stage.cost.total for stage in stages))
        bare = max(room or 0, *(stage.without_io for stage in stages))
        stages = [_stretched(stage, peak, bare) for stage in stages]
    if own_runs:
        stages = [with_longer_runs(stage) for stage in stages]
    return Schedule(plan.network, tuple(stages))


def _stage(edge: Edge, option: Option) -> ScheduledStage:
    return _as_planned(edge, option, cost(edge, option))


def _as_planned(edge: Edge, option: Option, its: Cost) -> ScheduledStage:
    """All ops with the run of the stage."""
    return ScheduledStage(
        edge=edge, option=option, cost=its, runs={}, op_runs=(option.run,) * len(edge.steps)
    )


def _stretched(stage: ScheduledStage, peak: int, bare: int) -> ScheduledStage:
    """The fastest of longer runs and plain windows, as far as neither way of counting rises.

    peak, bare: bytes that the stage may take, with and without the network's output. The stage as
    planned is among the candidates, so that it never becomes slower.
    """

    def fits(other: ScheduledStage) -> bool:
        return other.cost.total <= peak and other.without_io <= bare

    option = stage.option
    settings = [
        (run, tight, lean)
        for run in (
            *(long for long in LONG_RUNS if long > option.run),
            *range(max(LONGEST_SHORT_RUN, option.run), option.run - 1, -1),
        )
        for tight in sorted({option.tight, False})
        for lean in sorted({option.lean, False})
    ]
    found = costs(stage.edge, option, settings)
    ways = [
        _as_planned(stage.edge, replace(option, run=run, tight=tight, lean=lean), its)
        for (run, tight, lean), its in zip(settings, found, strict=True)
    ]
    return min(
        (way for way in ways if fits(way)), key=lambda way: way.cost.instructions, default=stage
    )
