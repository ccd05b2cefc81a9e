"""The arena while a network runs, stage by stage, for pictures.

All that pictures know of schedules and layouts goes through here.
"""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.ir import Model
from msfcnn.pipeline import Planned
from msfcnn.report.stages import StageRam, StageReport, stage_reports
from msfcnn.schedule import Schedule


@dataclass(frozen=True, kw_only=True)
class Moment:
    """The arena while a stage runs: bytes that add up to `total`.

    input:        of the stage's input, what neither output nor windows take over meanwhile.
    instructions: estimated, of the stage.
    """

    windows: int
    output: int
    input: int
    skips: int
    total: int
    instructions: int


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The stages with what is in the arena meanwhile, in the order they run."""

    stages: tuple[StageReport, ...]
    moments: tuple[Moment, ...]

    @property
    def peak(self) -> int:
        """Bytes of arena that are needed at most."""
        return max(moment.total for moment in self.moments)


def timeline_of(planned: Planned) -> Timeline:
    """Of a plan, as the engine runs it."""
    return timeline(planned.schedule, planned.model)


def timeline(schedule: Schedule, model: Model) -> Timeline:
    """The same of a schedule of a model."""
    stages = stage_reports(schedule, model, paper=False)
    instructions = [stage.cost.instructions for stage in schedule.stages]
    moments = (_moment(s.ram, n) for s, n in zip(stages, instructions, strict=True))
    return Timeline(stages=stages, moments=tuple(moments))


def _moment(ram: StageRam, instructions: int) -> Moment:
    return Moment(
        windows=ram.windows,
        output=ram.output,
        input=ram.input - ram.overlap,
        skips=ram.skips,
        total=ram.total,
        instructions=instructions,
    )
