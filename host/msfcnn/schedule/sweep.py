"""The engine's row sweep, run dry: how many rows of each tensor are resident at a time.

This is the exact twin of riot_pkg/msfcnn/src/sweep.c: the last op pulls, an op that lacks a row
lets its producer go first. Window extents are read off the simulation instead of a formula,
because strides, residuals and the order of pulls make formulas wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from msfcnn.model import AveragePool, Concat, Conv, Geometry, GlobalAveragePool, MaxPool, Model, Op
from msfcnn.schedule.types import Step

SUM_BYTES = 4  # of the accumulator that a global average keeps per channel

_POINTWISE = Geometry(1, 1)


def geometry_of(op: Op) -> Geometry:
    """The kernel of an op; 1x1 for ops without one."""
    return op.geometry if isinstance(op, Conv | MaxPool | AveragePool) else _POINTWISE


def step_inputs(model: Model, step: Step) -> tuple[int, ...]:
    """Tensors that a step reads: all inputs of its op, but one of a concatenation."""
    op = model.ops[step.op]
    return (op.inputs[step.part],) if isinstance(op, Concat) else op.inputs


def scratch_bytes(model: Model, step: Step) -> int:
    """Bytes a step needs beside windows: the sums of a global average."""
    op = model.ops[step.op]
    if not isinstance(op, GlobalAveragePool):
        return 0
    return SUM_BYTES * model.tensors[op.input].channels


def resident_rows(model: Model, steps: tuple[Step, ...], pushed: bool) -> dict[int, int]:
    """Rows each tensor read inside a stage needs, for the windows of this stage.

    Covers the tensors that one step writes and another reads, and the network's input if it is
    pushed. Tensors that are not in the result must be whole.
    """
    sweep = _Sweep(model, steps, pushed)
    sweep.run()
    return sweep.rows


@dataclass
class _Sweep:
    model: Model
    steps: tuple[Step, ...]
    pushed: bool
    row: list[int] = field(init=False)
    pushed_rows: int = 0
    rows: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.row = [0] * len(self.steps)

    def run(self) -> None:
        last = len(self.steps) - 1
        current = last
        while self.row[last] < self._height(last):
            missing = self._missing(current)
            if missing is None:
                self._compute(current)
                current = last
            elif missing < 0:
                self._push()
            else:
                current = missing

    def _op(self, i: int) -> Op:
        return self.model.ops[self.steps[i].op]

    def _height(self, i: int) -> int:
        op = self._op(i)
        tensor = op.input if isinstance(op, GlobalAveragePool) else op.output
        return self.model.tensors[tensor].height

    def _last_row_read(self, i: int) -> int:
        g = geometry_of(self._op(i))
        source = self.model.tensors[step_inputs(self.model, self.steps[i])[0]]
        below = self.row[i] * g.stride_h - g.pad_top + g.extent_h
        return max(0, min(below, source.height) - 1)

    def _first_row_read(self, i: int) -> int:
        g = geometry_of(self._op(i))
        return max(0, self.row[i] * g.stride_h - g.pad_top)

    def _has_row(self, i: int, y: int) -> bool:
        if isinstance(self._op(i), GlobalAveragePool):
            return self.row[i] == self._height(i)
        return self.row[i] > y

    def _missing(self, i: int) -> int | None:
        """The step that must go first, -1 for the network's input, None if nothing is missing."""
        y = self._last_row_read(i)
        for tensor in step_inputs(self.model, self.steps[i]):
            if self.pushed and tensor == self.model.input.tensor and y >= self.pushed_rows:
                return -1
            for producer in range(i):
                if self._op(producer).output == tensor and not self._has_row(producer, y):
                    return producer
        return None

    def _compute(self, i: int) -> None:
        if not isinstance(self._op(i), GlobalAveragePool):
            self._arrive(self._op(i).output, self.row[i])
        self.row[i] += 1

    def _push(self) -> None:
        self._arrive(self.model.input.tensor, self.pushed_rows)
        self.pushed_rows += 1

    def _arrive(self, tensor: int, y: int) -> None:
        """Row y of a tensor is written while its readers still need their oldest row."""
        oldest = [
            self._first_row_read(i)
            for i in range(len(self.steps))
            if tensor in step_inputs(self.model, self.steps[i]) and self.row[i] < self._height(i)
        ]
        if oldest:
            self.rows[tensor] = max(self.rows.get(tensor, 1), y + 1 - min(oldest))
