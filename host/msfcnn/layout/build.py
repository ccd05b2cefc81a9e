"""From a schedule to offsets in the arena."""

from __future__ import annotations

from msfcnn.errors import ModelError, Problem
from msfcnn.layout.pack import Block, pack
from msfcnn.layout.types import Layout, Placement
from msfcnn.model import Add, Model, Requantize, Reshape, Softmax
from msfcnn.schedule import Schedule, ScheduledStage, Window
from msfcnn.schedule.sweep import step_inputs

SCRATCH_ALIGN = 4


def layout(model: Model, schedule: Schedule) -> Layout:
    """Places every window; tensors that may share their bytes do."""
    windows = {w.tensor: w for stage in schedule.stages for w in stage.windows}
    for op in model.ops:
        if isinstance(op, Reshape):
            _check_reshape(op, windows)
            shape = model.tensors[op.output]
            windows[op.output] = Window(op.output, shape.height, shape.width)
    lifetimes = _lifetimes(model, schedule, windows)
    owner = _storage(model, schedule, windows, lifetimes)
    blocks = _blocks(model, windows, lifetimes, owner)
    scratch = {
        i: Block(stage.scratch, i, i, SCRATCH_ALIGN)
        for i, stage in enumerate(schedule.stages)
        if stage.scratch
    }
    offsets, peak = pack([*blocks.values(), *scratch.values()])
    offset_of = dict(zip(blocks, offsets, strict=False))
    scratch_of = dict(zip(scratch, offsets[len(blocks) :], strict=True))
    every = [*blocks.values(), *scratch.values()]
    return Layout(
        tuple(
            Placement(t, offset_of[owner[t]], w.rows, w.cols) for t, w in sorted(windows.items())
        ),
        tuple(scratch_of.get(i) for i in range(len(schedule.stages))),
        tuple(
            sum(b.size for b in every if b.first <= i <= b.last)
            for i in range(len(schedule.stages))
        ),
        peak,
    )


def _check_reshape(op: Reshape, windows: dict[int, Window]) -> None:
    if op.input not in windows:
        raise ModelError(
            Problem(
                op.node,
                "the image is read as a vector here and as an image elsewhere",
                "generate with --input push, which keeps the image in the arena",
                "Reshape",
            )
        )


def _lifetimes(
    model: Model, schedule: Schedule, windows: dict[int, Window]
) -> dict[int, tuple[int, int]]:
    """First and last stage that needs each tensor, reads through reshapes included."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for i, stage in enumerate(schedule.stages):
        for window in stage.windows:
            first[window.tensor] = last[window.tensor] = i
        for step in stage.steps:
            for tensor in (*step_inputs(model, step), model.ops[step.op].output):
                last[tensor] = i
    for port in model.outputs:
        last[port.tensor] = len(schedule.stages)
    for op in reversed(model.ops):
        if isinstance(op, Reshape):
            last[op.input] = max(last.get(op.input, 0), last.get(op.output, 0))
    for op in model.ops:
        if isinstance(op, Reshape):
            first[op.output] = first[op.input]
            last.setdefault(op.output, last[op.input])
    return {t: (first[t], last[t]) for t in windows}


def _storage(
    model: Model,
    schedule: Schedule,
    windows: dict[int, Window],
    lifetimes: dict[int, tuple[int, int]],
) -> dict[int, int]:
    """For each tensor the one whose bytes it uses: itself, unless it is in place."""
    owner = {t: t for t in windows}
    for op in model.ops:
        if isinstance(op, Reshape):
            owner[op.output] = owner[op.input]
    for i, stage in enumerate(schedule.stages):
        if len(stage.steps) == 1:
            sources = [
                t
                for t in _overwritable(model, stage, windows)
                if all(
                    lifetimes[member][0] < i and lifetimes[member][1] <= i
                    for member in owner
                    if owner[member] == owner[t]
                )
            ]
            if sources:
                _rename(owner, model.ops[stage.steps[0].op].output, owner[sources[0]])
    return owner


def _overwritable(model: Model, stage: ScheduledStage, windows: dict[int, Window]) -> list[int]:
    """Inputs whose bytes an element-wise op could use for its output: whole in the arena."""
    op = model.ops[stage.steps[0].op]
    if not isinstance(op, Add | Requantize | Softmax):
        return []
    return [t for t in op.inputs if t in windows and windows[t].rows == model.tensors[t].height]


def _rename(owner: dict[int, int], old: int, new: int) -> None:
    for tensor, current in owner.items():
        if current == old:
            owner[tensor] = new


def _blocks(
    model: Model,
    windows: dict[int, Window],
    lifetimes: dict[int, tuple[int, int]],
    owner: dict[int, int],
) -> dict[int, Block]:
    """A block per owner, alive as long as any of its tensors."""
    blocks = {}
    for tensor in sorted(set(owner.values())):
        members = [t for t, o in owner.items() if o == tensor]
        blocks[tensor] = Block(
            max(windows[t].rows * windows[t].cols * model.tensors[t].channels for t in members),
            min(lifetimes[t][0] for t in members),
            max(lifetimes[t][1] for t in members),
        )
    return blocks
