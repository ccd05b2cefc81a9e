"""The arena while a network runs, stage by stage, for pictures.

All that pictures know of schedules and layouts goes through here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msfcnn.ir import Model
from msfcnn.pipeline import Planned
from msfcnn.planner import plan_layer_by_layer
from msfcnn.report.stages import StageRam, StageReport, stage_nodes, stage_reports
from msfcnn.schedule import Schedule
from msfcnn.schedule import schedule as scheduled


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
    """The stages with what is in the arena meanwhile, in the order they run.

    layers: estimated instructions of each layer, with its node: those of its stage, divided as the
            layers of the stage would share them if each ran by itself.
    """

    stages: tuple[StageReport, ...]
    moments: tuple[Moment, ...]
    layers: tuple[tuple[str, int], ...]

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
    layers = _layer_instructions(schedule, model, stages, instructions)
    return Timeline(stages=stages, moments=tuple(moments), layers=layers)


def _layer_instructions(
    schedule: Schedule, model: Model, stages: Sequence[StageReport], instructions: Sequence[int]
) -> tuple[tuple[str, int], ...]:
    single = scheduled(plan_layer_by_layer(schedule.network))
    alone = dict.fromkeys((op.node for op in model.ops), 0)
    for stage, nodes in zip(single.stages, stage_nodes(single, model), strict=True):
        for node in nodes[:1]:
            alone[node] += stage.cost.instructions
    found = dict.fromkeys(alone, 0)
    for report, total in zip(stages, instructions, strict=True):
        whole = sum(alone[node] for node in report.ops)
        for node in report.ops:
            found[node] += round(total * alone[node] / whole) if whole else 0
    return tuple(found.items())


def _moment(ram: StageRam, instructions: int) -> Moment:
    return Moment(
        windows=ram.windows,
        output=ram.output,
        input=ram.input - ram.overlap,
        skips=ram.skips,
        total=ram.total,
        instructions=instructions,
    )
