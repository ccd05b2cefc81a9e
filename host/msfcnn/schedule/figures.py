"""What each stage of a schedule is and costs, as plain figures."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.fusion import Scheme
from msfcnn.fusion.paper import paper_cost, paper_without_io
from msfcnn.fusion.steps import LOAD_OP
from msfcnn.ir import Model
from msfcnn.schedule.types import Schedule, ScheduledStage


@dataclass(frozen=True)
class StageFigures:
    """Bytes and MACs of a stage.

    nodes:   the ops it runs, as Netron shows them; loading the image is none.
    band:    output rows of a band; all of them where there is one band only.
    overlap: bytes that input, output and windows share; total is what is left of the sum of
             input, output, windows and skips without it.
    """

    nodes: tuple[str, ...]
    scheme: Scheme
    band: int
    input: int
    output: int
    overlap: int
    windows: int
    skips: int
    without_io: int
    macs: int

    @property
    def total(self) -> int:
        """Bytes of arena while it runs."""
        return self.input + self.output - self.overlap + self.windows + self.skips


def stage_figures(schedule: Schedule, model: Model) -> tuple[StageFigures, ...]:
    """What the engine uses and executes, stage by stage."""
    nodes = stage_nodes(schedule, model)
    return tuple(_engine(stage, n) for stage, n in zip(schedule.stages, nodes, strict=True))


def paper_figures(schedule: Schedule, model: Model) -> tuple[StageFigures, ...]:
    """What the msf-CNN paper counts for the same stages."""
    nodes = stage_nodes(schedule, model)
    return tuple(_paper(stage, n) for stage, n in zip(schedule.stages, nodes, strict=True))


def _engine(stage: ScheduledStage, nodes: tuple[str, ...]) -> StageFigures:
    chain, cost = stage.chain, stage.cost
    return StageFigures(
        nodes,
        stage.option.scheme,
        _band(stage),
        chain.input_bytes,
        chain.output_bytes,
        chain.input_bytes + chain.output_bytes - cost.region,
        cost.window_bytes,
        cost.others,
        stage.without_io,
        cost.macs,
    )


def _paper(stage: ScheduledStage, nodes: tuple[str, ...]) -> StageFigures:
    found = paper_cost(stage.chain)
    return StageFigures(
        nodes,
        stage.option.scheme,
        _band(stage),
        found.input,
        found.output,
        0,
        found.caches,
        found.others,
        paper_without_io(stage.chain, found),
        found.macs,
    )


def _band(stage: ScheduledStage) -> int:
    return stage.option.band if stage.option.columns else stage.chain.shapes[-1][0]


def stage_nodes(schedule: Schedule, model: Model) -> tuple[tuple[str, ...], ...]:
    """Nodes by stage; what is only another view of a tensor goes with the op before it.

    A concatenation is named by every stage that runs a part of it.
    """
    found = [{s.op for s in stage.chain.steps} - {LOAD_OP} for stage in schedule.stages]
    run = set().union(*found)
    at = 0
    for op in range(len(model.ops)):
        if op in run:
            at = max(i for i, ops in enumerate(found) if op in ops)
        else:
            found[at].add(op)
    return tuple(tuple(model.ops[op].node for op in sorted(ops)) for ops in found)
