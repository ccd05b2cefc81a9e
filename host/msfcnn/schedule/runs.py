"""Longer runs, where they take no RAM: a kernel call and what the engine does for it cost less.

A plan has one run for all ops of a stage, the longest that the peak leaves room for. Some ops can
do with more than that: the space of shared runs is as large as the largest of them and scratch
together, and windows that do not slide hold whole lines. What this finds is only for chains, in
which the pixels that wait for one reader keep no other one waiting.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from msfcnn.costmodel import Coefficients
from msfcnn.fusion import Resident, cost
from msfcnn.ir import Reads
from msfcnn.schedule.types import ScheduledStage

_LONGEST = 255  # of a field of msfcnn_op_t


def with_longer_runs(stage: ScheduledStage) -> ScheduledStage:
    """The stage with runs of its ops that are longer than its own; estimated with them."""
    shared = {} if stage.cost.sums else _shared_runs(stage)
    found = replace(stage, runs=shared, op_runs=_op_runs(stage, shared))
    if set(found.op_runs) == {stage.option.run}:
        return found
    return replace(found, cost=replace(found.cost, instructions=instructions(found)))


def instructions(stage: ScheduledStage, coefficients: Coefficients | None = None) -> int:
    """Estimated instructions of a stage, each op with its own runs."""
    edge = stage.edge
    if coefficients is not None:
        edge = replace(edge, network=replace(edge.network, measured=coefficients))
    runs = {edge.first + i: run for i, run in enumerate(stage.op_runs)}
    return cost(edge, stage.option, runs).instructions


def _shared_runs(stage: ScheduledStage) -> dict[int, int]:
    """Pixels of shared runs, by tensor, where they can be longer than planned."""
    if not _is_chain(stage):
        return {}
    found = {}
    steps, windows = stage.edge.steps, stage.cost.windows
    for i, (writer, reader) in enumerate(pairwise(steps)):
        around = (t for t in (writer.x, reader.z) if t in windows)
        if not _is_run(stage, writer.z) or any(windows[t].shared for t in around):
            continue
        kernels = stage.kernel(i), stage.kernel(i + 1)
        channels = windows[writer.z].channels
        along = stage.sweep.extents(writer.target)[1]
        for pixels in range(min(_LONGEST, along), windows[writer.z].length, -1):
            scratch = max(k.scratch_for(pixels, stage.option.lean) for k in kernels)
            if scratch + pixels * channels <= stage.cost.shared:
                found[writer.z] = pixels
                break
    return found


def _op_runs(stage: ScheduledStage, shared: dict[int, int]) -> tuple[int, ...]:
    """Pixels that each op computes at a time, at most."""
    run = stage.option.run
    if not _is_chain(stage):
        return (run,) * len(stage.edge.steps)
    return tuple(max(run, _longest(stage, i, shared)) for i in range(len(stage.edge.steps)))


def _longest(stage: ScheduledStage, i: int, shared: dict[int, int]) -> int:
    """Pixels that an op can compute at a time, 0 if that is what the stage says."""
    step, windows = stage.edge.steps[i], stage.cost.windows
    # ends and the window that reaches into the input may overwrite it, and keep the planned pace
    if step.z not in windows or step.z == stage.cost.tail:
        return 0
    if step.reads not in (Reads.RUN, Reads.WINDOW):
        return 0
    for tensor in (step.z, step.x):
        if _is_run(stage, tensor):
            return shared.get(tensor, 0)
    if windows[step.z].resident is not Resident.LINES:
        return 0
    kernel, lean = stage.kernel(i), stage.option.lean
    fits = (n for n in range(_LONGEST, 0, -1) if kernel.scratch_for(n, lean) <= stage.cost.scratch)
    return next(fits, 0)


def _is_run(stage: ScheduledStage, tensor: int) -> bool:
    """Whether a tensor is a shared run."""
    window = stage.cost.windows.get(tensor)
    return window is not None and window.shared


def _is_chain(stage: ScheduledStage) -> bool:
    """Whether each step but the first reads what the one before writes, and nothing else."""
    steps = stage.edge.steps
    follows = (b.inputs() == (a.z,) for a, b in pairwise(steps))
    return all(follows) and len(steps[0].inputs()) <= 1
