"""The ONNX graph under construction: which ONNX value shows a tensor, and in which layout.

TFLite keeps maps as NHWC, the spatial operators of ONNX want NCHW. A map is shown in either
layout once a reader asks for it; operators that do not care take the one that is there, so that
a network has a Transpose at its borders only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from msfcnn.frontend.arrangement import TO_NCHW, Arrangement
from msfcnn.frontend.tflite.graph import OMITTED, Operator, TfliteGraph, TfliteScale, TfliteTensor
from msfcnn.frontend.tflite.problems import DependentError, Untranslatable

OPSET = 20  # the first with Gelu
ONNX_TYPES = {
    "float32": onnx.TensorProto.FLOAT,
    "int8": onnx.TensorProto.INT8,
    "uint8": onnx.TensorProto.UINT8,
    "int32": onnx.TensorProto.INT32,
    "int64": onnx.TensorProto.INT64,
}
MAP_AXES = 4
TO_NHWC = (0, 2, 3, 1)
SUFFIX = "nchw"
HELPERS = frozenset({"Transpose", "QuantizeLinear", "DequantizeLinear", "Reshape", "Clip"})
INT8_HINT = "quantize to int8: converter.target_spec.supported_ops = [TFLITE_BUILTINS_INT8]"


class Writer:
    """Collects nodes and constants. The only mutable state of a translation."""

    def __init__(self, graph: TfliteGraph) -> None:
        self.graph = graph
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self._folded: dict[int, NDArray[Any]] = {}
        self._settled: dict[int, TfliteTensor] = {}
        self._poisoned: set[int] = set()
        self._real: dict[tuple[int, Arrangement], str] = {}
        self._stored: dict[tuple[int, Arrangement], str] = {}
        self._names = {self.tensor(index).name for index in graph.inputs}
        for index in graph.inputs:
            values = self._stored if self.tensor(index).quantized else self._real
            values[index, Arrangement.FILE] = self.tensor(index).name

    def tensor(self, index: int) -> TfliteTensor:
        """A tensor of the file."""
        return self._settled.get(index) or self.graph.tensors[index]

    def settle(self, index: int, shape: tuple[int, ...]) -> None:
        """Gives a tensor whose shape the file leaves open the one that it has."""
        self._settled[index] = replace(self.tensor(index), shape=shape, open=())

    def has(self, index: int) -> bool:
        """Whether a tensor has a value by now."""
        shown = self._real.keys() | self._stored.keys()
        return self.known(index) is not None or any(there == index for there, _ in shown)

    def place(self, index: int) -> tuple[str, Arrangement] | None:
        """An ONNX value that shows a tensor, and its layout; None if none does by now."""
        values = {**self._real, **self._stored}
        return next(((name, at[1]) for at, name in values.items() if at[0] == index), None)

    @property
    def shown(self) -> dict[str, tuple[int, Arrangement]]:
        """The tensor and the layout that each quantized ONNX value shows, value by value."""
        return {n: place for place, n in self._stored.items() if not self.tensor(place[0]).inside}

    def poison(self, operator: Operator) -> None:
        """Notes that an operator could not be translated."""
        self._poisoned |= set(operator.outputs)

    # constants

    def fold(self, index: int, values: NDArray[Any]) -> None:
        """Makes a tensor that an operator computes a constant."""
        tensor = self.tensor(index)
        if tuple(values.shape) != tensor.shape:
            what = f"computes the constant shape {list(values.shape)}, not {list(tensor.shape)}"
            raise Untranslatable(what, "convert the model again with fixed shapes")
        self._folded[index] = values.astype(tensor.dtype)

    def known(self, index: int) -> NDArray[Any] | None:
        """The stored values of a constant; None for a tensor that depends on the input."""
        if index in self._poisoned:
            raise DependentError
        tensor = self.tensor(index)
        if tensor.odd:
            hint = "use plain int8 or float weights"
            raise Untranslatable(f"its operand '{tensor.name}' {tensor.odd}", hint)
        return self._folded.get(index, tensor.data)

    def add_constant(self, name: str, values: NDArray[Any]) -> str:
        """A constant of the ONNX graph under this name or one like it."""
        fresh = self._fresh(name)
        self.constants[fresh] = onnx.numpy_helper.from_array(np.ascontiguousarray(values), fresh)
        return fresh

    def add_real(
        self, name: str, values: NDArray[Any], affine: TfliteScale | None, axis: int
    ) -> str:
        """A constant as real numbers. axis: which axis of `values` several scales go along."""
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise Untranslatable(f"some values of '{name}' are infinite or not a number")
        if affine is None or values.dtype.kind == "f":
            return self.add_constant(name, values.astype(np.float32))
        parts = [
            self.add_constant(name, values),
            *self._parameters(name, affine, str(values.dtype)),
        ]
        attributes = {"axis": axis} if len(affine.scale) > 1 else {}
        return self.emit("DequantizeLinear", parts, f"{name}/real", **attributes)

    # activations

    def layout(self, index: int) -> Arrangement:
        """The layout in which a tensor can be had for nothing; images always as NCHW.

        That an image is moved to NCHW first tells the importer which of its axes are channels.
        """
        if self._is_map(index) and self.known(index) is None:
            if index in self.graph.inputs:
                return Arrangement.NCHW
            shown = self._real.keys() | self._stored.keys()
            if (index, Arrangement.FILE) not in shown and (index, Arrangement.NCHW) in shown:
                return Arrangement.NCHW
        return Arrangement.FILE

    def read(self, index: int, layout: Arrangement = Arrangement.FILE) -> str:
        """The ONNX value that shows a tensor as real numbers in this layout."""
        values = self.known(index)
        if (index, layout) in self._real:
            return self._real[index, layout]
        if values is not None:
            name = self._constant(index, values, layout)
        elif (index, layout) in self._stored:
            name = self._dequantized(index, layout)
        else:
            name = self._moved(index, layout)
        self._real[index, layout] = name
        return name

    def write(self, index: int, value: str, layout: Arrangement = Arrangement.FILE) -> None:
        """Says that an ONNX value of real numbers is what an operator computes for a tensor."""
        tensor = self.tensor(index)
        if tensor.dtype == "float32" or not tensor.quantized:
            self._real[index, layout] = self._renamed(value, self._label(index, layout))
            return
        if tensor.dtype not in ("int8", "uint8") or tensor.affine is None:
            raise Untranslatable(f"its result is {tensor.dtype}", INT8_HINT)
        name = self._label(index, layout)
        parameters = self._parameters(name, self.per_tensor(index), tensor.dtype)
        self._stored[index, layout] = self.emit("QuantizeLinear", [value, *parameters], name)

    def show(self, index: int, value: str, layout: Arrangement) -> None:
        """Says that an ONNX value shows a tensor as it is stored, without rounding."""
        self._real[index, layout] = value

    def per_tensor(self, index: int) -> TfliteScale:
        """The quantization of an activation."""
        tensor = self.tensor(index)
        if tensor.affine is None:
            hint = "convert the model again with a representative data set"
            raise Untranslatable(f"'{tensor.name}' is {tensor.dtype} without a scale", hint)
        if len(tensor.affine.scale) != 1:
            raise Untranslatable(f"the activation '{tensor.name}' is quantized per channel")
        return tensor.affine

    def emit(self, kind: str, inputs: Sequence[str], label: str, **attributes: Any) -> str:
        """A node with one output; returns the name of that. label: its wanted name."""
        output = self._fresh(label)
        self.nodes.append(onnx.helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def name_nodes(self, operator: Operator, first: int) -> None:
        """Names the nodes from the given one on after the operator that they come from.

        The one that does its work gets its name; those that only prepare and store get more.
        """
        new = self.nodes[first:]
        working = [node for node in new if node.op_type not in HELPERS]
        moving = [node for node in reversed(new) if not node.op_type.endswith("Linear")]
        main = next(iter([*working, *moving, *reversed(new)]), None)
        for number, node in enumerate(new):
            node.name = operator.name if node is main else f"{operator.name}/{node.op_type}"
            if any(node.name == other.name for other in new[:number]):
                node.name = f"{node.name}_{number}"

    def output(self, index: int) -> str:
        """The name of a graph output: that of the tensor, which shows its stored values."""
        tensor = self.tensor(index)
        if self.known(index) is not None:
            raise Untranslatable(
                f"the output '{tensor.name}' is constant", "remove it from the model"
            )
        shown = self._stored if tensor.quantized else self._real
        if (index, Arrangement.FILE) not in shown:
            source = shown[index, Arrangement.NCHW]
            return self.emit("Transpose", [source], tensor.name, perm=TO_NHWC)
        name = shown[index, Arrangement.FILE]
        return name if name == tensor.name else self.emit("Identity", [name], tensor.name)

    def _is_map(self, index: int) -> bool:
        return len(self.tensor(index).shape) == MAP_AXES

    def _label(self, index: int, layout: Arrangement) -> str:
        """The tensor's name, but for another layout of what the caller of the network sees."""
        name = self.tensor(index).name
        moved = layout is Arrangement.NCHW and index in self.graph.outputs
        return f"{name}/{SUFFIX}" if moved else name

    def _constant(self, index: int, values: NDArray[Any], layout: Arrangement) -> str:
        """The real values of a constant, in a layout; quantized ones keep integers and their
        scale.
        """
        tensor = self.tensor(index)
        axis = tensor.affine.axis if tensor.affine is not None else 0
        if layout is Arrangement.NCHW:
            # one value per channel broadcasts from the right in TFLite
            values = values.reshape((1,) * (MAP_AXES - values.ndim) + values.shape)
            axis = layout.axis((axis + MAP_AXES - len(tensor.shape)) % MAP_AXES)
            values = values.transpose(TO_NCHW)
        return self.add_real(tensor.name, values, tensor.affine, axis)

    def _dequantized(self, index: int, layout: Arrangement) -> str:
        """A value behind a DequantizeLinear of its own: readers want real numbers."""
        tensor = self.tensor(index)
        if tensor.dtype not in ("int8", "uint8"):
            raise Untranslatable(f"its input '{tensor.name}' is {tensor.dtype}", INT8_HINT)
        parameters = self._parameters(tensor.name, self.per_tensor(index), tensor.dtype)
        inputs = [self._stored[index, layout], *parameters]
        return self.emit("DequantizeLinear", inputs, f"{tensor.name}/real")

    def _moved(self, index: int, layout: Arrangement) -> str:
        """The value in the other layout, by a Transpose. Raises where it is no map."""
        other = Arrangement.FILE if layout is Arrangement.NCHW else Arrangement.NCHW
        there = self._real.keys() | self._stored.keys()
        if (index, other) not in there or not self._is_map(index):
            shape = list(self.tensor(index).shape)
            what = f"its input of shape {shape} is not a map of [1, height, width, channels]"
            raise Untranslatable(what, "use a network in one or two dimensions")
        perm = TO_NCHW if layout is Arrangement.NCHW else TO_NHWC
        name = f"{self.tensor(index).name}/{layout.value}"
        return self.emit("Transpose", [self.read(index, other)], name, perm=perm)

    def _parameters(self, name: str, affine: TfliteScale, dtype: str) -> list[str]:
        """Names of the constants with scale and zero point, scalars if there is one of each."""
        scale, zero = affine.scale, affine.zero
        limits = np.iinfo(dtype)
        if ((zero < limits.min) | (zero > limits.max)).any():
            raise Untranslatable(f"a zero point of '{name}' does not fit {dtype}")
        if not (np.isfinite(scale).all() and (scale > 0).all()):
            hint = "convert the model again with a representative data set"
            raise Untranslatable(f"a scale of '{name}' is not positive and finite", hint)
        one = len(scale) == 1
        values = (scale[0] if one else scale, (zero[0] if one else zero).astype(dtype))
        labels = (f"{name}/scale", f"{name}/zero_point")
        return [self.add_constant(n, np.asarray(v)) for n, v in zip(labels, values, strict=True)]

    def _renamed(self, value: str, name: str) -> str:
        """The value under the name of its tensor, where nothing has read it under its own."""
        last = self.nodes[-1] if self.nodes else None
        if last is None or last.output[0] != value or value in self._real.values():
            return value
        fresh = self._fresh(name)
        last.output[0] = fresh
        return fresh

    def _fresh(self, name: str) -> str:
        """A name that no value has: TFLite does not ask for different ones."""
        fresh, count = name, 1
        while fresh in self._names:
            count += 1
            fresh = f"{name}_{count}"
        self._names.add(fresh)
        return fresh


def operand(operator: Operator, position: int) -> int | None:
    """The tensor of an input, None if it is left out."""
    if position >= len(operator.inputs) or operator.inputs[position] == OMITTED:
        return None
    return operator.inputs[position]
