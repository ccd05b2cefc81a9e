"""The stages of a schedule as plain figures, as the engine runs them or as the paper counts."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.fusion import LOAD_OP, paper_cost, paper_without_io
from msfcnn.ir import Model
from msfcnn.schedule import Schedule, ScheduledStage


@dataclass(frozen=True, kw_only=True)
class StageRam:
    """Bytes of arena while a stage runs.

    overlap:    bytes that input, output and windows share.
    total:      input + output - overlap + windows + skips.
    without_io: total as the paper counts, without the network's input and output.
    """

    input: int
    output: int
    overlap: int
    windows: int
    skips: int
    total: int
    without_io: int


@dataclass(frozen=True, kw_only=True)
class StageReport:
    """A stage: what it runs, how, and what that takes.

    ops:        nodes as Netron shows them; loading the image is none.
    scheme:     layer, line or h_cache.
    band_rows:  output rows of a band; all of them where there is one band only.
    macs:       MACs executed, recomputation included.
    kept_halos: names of tensors whose halo is kept from band to band.
    split:      output channels of a pass; 0 for all at once.
    run:        pixels that a kernel call computes at most.
    tight:      whether line buffers hold one line less and save what is overwritten.
    """

    ops: tuple[str, ...]
    scheme: str
    band_rows: int
    ram: StageRam
    macs: int
    kept_halos: tuple[str, ...]
    split: int
    run: int
    tight: bool


def stage_reports(schedule: Schedule, model: Model, paper: bool) -> tuple[StageReport, ...]:
    """Stage by stage what the engine uses and executes, or what the msf-CNN paper counts."""
    ops = stage_nodes(schedule, model)
    reports = []
    for stage, nodes in zip(schedule.stages, ops, strict=True):
        option, edge = stage.option, stage.edge
        reports.append(
            StageReport(
                ops=nodes,
                scheme=option.scheme.value,
                band_rows=option.band if option.columns else edge.shape[0],
                ram=_paper_ram(stage) if paper else _engine_ram(stage),
                macs=paper_cost(edge).macs if paper else stage.cost.macs,
                kept_halos=tuple(
                    model.tensors[edge.network.original(t)].name for t in sorted(option.keep)
                ),
                split=option.split,
                run=option.run,
                tight=option.tight,
            )
        )
    return tuple(reports)


def _engine_ram(stage: ScheduledStage) -> StageRam:
    """The bytes of a stage as the engine lays it out; output and input overlap."""
    edge, cost = stage.edge, stage.cost
    source = sum(edge.network.sizes[t] for t in edge.inputs)
    return StageRam(
        input=source,
        output=edge.born_bytes,
        overlap=edge.live_bytes + edge.born_bytes - cost.region - cost.others,
        windows=cost.window_bytes,
        skips=edge.live_bytes - source,
        total=cost.total,
        without_io=stage.without_io,
    )


def _paper_ram(stage: ScheduledStage) -> StageRam:
    """The bytes of a stage as the paper counts them: nothing overlaps."""
    found = paper_cost(stage.edge)
    return StageRam(
        input=found.input,
        output=found.output,
        overlap=0,
        windows=found.caches,
        skips=found.others,
        total=found.input + found.output + found.caches + found.others,
        without_io=paper_without_io(stage.edge, found),
    )


def stage_nodes(schedule: Schedule, model: Model) -> tuple[tuple[str, ...], ...]:
    """Nodes by stage; what is only another view of a tensor goes with the op before it.

    A concatenation is named by every stage that runs a part of it.
    """
    found = [{s.op for s in stage.edge.steps} - {LOAD_OP} for stage in schedule.stages]
    run = set().union(*found)
    at = 0
    for op in range(len(model.ops)):
        if op in run:
            at = max(i for i, ops in enumerate(found) if op in ops)
        else:
            found[at].add(op)
    return tuple(tuple(model.ops[op].node for op in sorted(ops)) for ops in found)
