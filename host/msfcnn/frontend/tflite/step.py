"""One operator under translation: what a converter sees of it and of the graph.

Everything here raises Untranslatable where the file does not hold what is asked for, so converters
read like the definition of their operator.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfcnn.frontend.arrangement import Arrangement
from msfcnn.frontend.tflite.graph import Operator, TfliteTensor
from msfcnn.frontend.tflite.problems import DAMAGED, Untranslatable
from msfcnn.frontend.tflite.writer import Writer, operand

ACTIVATIONS = {0: "", 1: "Relu", 2: "-1 to 1", 3: "0 to 6", 4: "Tanh"}
CLIPS = {"-1 to 1": (-1.0, 1.0), "0 to 6": (0.0, 6.0), "0 to 1": (0.0, 1.0)}


class Conversion:
    """An operator, its operands by position, and what writing its ONNX nodes takes."""

    def __init__(self, writer: Writer, operator: Operator) -> None:
        self.writer = writer
        self.operator = operator

    def index(self, position: int) -> int:
        """The tensor of an input that must be there."""
        index = operand(self.operator, position)
        if index is None:
            raise Untranslatable(f"its input {position} is missing", DAMAGED)
        return index

    def has(self, position: int) -> bool:
        """Whether an optional input is there."""
        return operand(self.operator, position) is not None

    def tensor(self, position: int) -> TfliteTensor:
        """The tensor of an input."""
        return self.writer.tensor(self.index(position))

    @property
    def result(self) -> TfliteTensor:
        """The tensor of the first output."""
        return self.writer.tensor(self.operator.outputs[0])

    def shape(self, position: int, rank: int | None = None) -> tuple[int, ...]:
        """The shape of an input. rank: how many axes it must have."""
        shape = self.tensor(position).shape
        if rank is not None and len(shape) != rank:
            what = f"its input {position} has the shape {list(shape)}, not {rank} axes"
            raise Untranslatable(what, DAMAGED)
        return shape

    def constant(self, position: int, role: str) -> NDArray[Any]:
        """The stored values of a constant input."""
        values = self.writer.known(self.index(position))
        if values is None:
            raise Untranslatable(f"its {role} is computed at run time", "make it a constant")
        return values

    def is_constant(self, position: int) -> bool:
        """Whether an input is constant."""
        return self.writer.known(self.index(position)) is not None

    def integers(self, position: int, role: str) -> tuple[int, ...]:
        """A constant input that lists whole numbers."""
        values = self.constant(position, role)
        if values.dtype.kind not in "iu":
            raise Untranslatable(f"its {role} is {values.dtype}, not a whole number", DAMAGED)
        return tuple(int(value) for value in values.ravel())

    def layout(self, position: int = 0) -> Arrangement:
        """The layout in which an input can be had for nothing."""
        return self.writer.layout(self.index(position))

    def read(self, position: int, layout: Arrangement = Arrangement.FILE) -> str:
        """The ONNX value of an input as real numbers."""
        return self.writer.read(self.index(position), layout)

    def write(self, value: str, layout: Arrangement = Arrangement.FILE, output: int = 0) -> None:
        """Says that this value of real numbers is an output, before its rounding.

        layout: the one that the value is in. The writer appends a QuantizeLinear if the tensor of
        the file is quantized.
        """
        if output >= len(self.operator.outputs):
            raise Untranslatable(f"its output {output} is missing", DAMAGED)
        self.writer.write(self.operator.outputs[output], value, layout)

    def write_activated(self, value: str, layout: Arrangement = Arrangement.FILE) -> None:
        """The same with the activation that the converter fused into this operator."""
        code = self.operator.integer("FusedActivationFunction")
        if code not in ACTIVATIONS:
            raise Untranslatable(f"its fused activation {code} is not supported", DAMAGED)
        activation = ACTIVATIONS[code]
        if activation in CLIPS:
            value = self.clip(value, *CLIPS[activation])
        elif activation:
            value = self.emit(activation, [value])
        self.write(value, layout)

    def emit(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        """A node; returns the name of its output."""
        return self.writer.emit(kind, inputs, f"{self.operator.name}/{kind}", **attributes)

    def clip(self, value: str, low: float, high: float) -> str:
        """The value between two bounds."""
        bounds = [self.number(low, "low"), self.number(high, "high")]
        return self.emit("Clip", [value, *bounds])

    def number(self, value: float, name: str) -> str:
        """A real constant."""
        return self.writer.add_constant(f"{self.operator.name}/{name}", np.float32(value))

    def list(self, values: Sequence[int], name: str) -> str:
        """A constant list of whole numbers."""
        label = f"{self.operator.name}/{name}"
        return self.writer.add_constant(label, np.array(values, np.int64))

    def reshape(self, value: str, shape: Sequence[int]) -> str:
        """The value under another shape."""
        return self.emit("Reshape", [value, self.list(shape, "shape")])

    def check_copies(self, position: int = 0, output: int = 0) -> None:
        """Operators that only move stored values cannot change what these mean.

        TFLite's kernels copy the bytes, whatever scale the output has; a file where the scales
        differ would compute something else than its ONNX form. Raises Untranslatable.
        """
        source = self.tensor(position)
        target = self.writer.tensor(self.operator.outputs[output])
        if source.affine is None or target.affine is None or not target.quantized:
            return
        if not source.affine.same(target.affine) or source.dtype != target.dtype:
            what = "moves values only, but its output has another scale or zero point"
            raise Untranslatable(what, "convert the model again")

    def check_size(self, shape: Sequence[int], wanted: Sequence[int]) -> None:
        """Refuses to give a value a shape of another size."""
        if math.prod(shape) != math.prod(wanted) or min(wanted, default=1) < 1:
            what = f"cannot turn the shape {list(shape)} into {list(wanted)}"
            raise Untranslatable(what, DAMAGED)


def resolved(axes: Sequence[int], rank: int) -> tuple[int, ...]:
    """Axes counted from 0 where TFLite also counts from the end."""
    counted = tuple(axis + rank if axis < 0 else axis for axis in axes)
    if any(not 0 <= axis < rank for axis in counted):
        raise Untranslatable(f"its axes {list(axes)} are not those of {rank} dimensions", DAMAGED)
    return tuple(dict.fromkeys(counted))
