"""QOperator models (QLinearConv and friends) in QDQ form, which is the one that is imported.

onnxruntime writes QOperator graphs with `quant_format=QOperator`. Every operator that computes on
integers becomes DequantizeLinear, the operator on real numbers, QuantizeLinear: that is how ONNX
defines it. The order of inputs is that of ONNX's operator specification and, for what is not in the
standard (QLinearAdd, QGemm and others), of onnxruntime's contrib operators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from msfcnn.frontend.onnx.opset import converted

Pair = tuple[str, str]  # names of a scale and a zero point

# Real operator by integer one, whose inputs are: (value, scale, zero) of each activation, then the
# scale and zero point of the output.
_SIMPLE = {
    "QLinearAdd": ("Add", 2),
    "QLinearMul": ("Mul", 2),
    "QLinearMatMul": ("MatMul", 2),
    "QLinearGlobalAveragePool": ("GlobalAveragePool", 1),
    "QLinearAveragePool": ("AveragePool", 1),
    "QLinearLeakyRelu": ("LeakyRelu", 1),
    "QLinearSigmoid": ("Sigmoid", 1),
    "QLinearSoftmax": ("Softmax", 1),
    "QLinearReduceMean": ("ReduceMean", 1),
}
# They work on integers as on real numbers.
_MOVES = frozenset(
    "Concat DepthToSpace Expand Flatten Gather Identity MaxPool Pad Reshape Resize Slice "
    "SpaceToDepth Split Squeeze Tile Transpose Unsqueeze".split()
)
_ALL = frozenset({*_SIMPLE, "QLinearConv", "QLinearConcat", "QGemm"})
_DROPPED = frozenset({"channels_last", "opset"})  # attributes that only the integer operators have


def in_qdq_form(proto: onnx.ModelProto) -> onnx.ModelProto:
    """The model in opset 13 or later without operators on integers; itself if it is so already.

    The given model is not changed. Nodes that lack inputs are left as they are, to be refused by
    their names later.
    """
    proto = converted(proto)
    if not any(n.op_type in _ALL or n.op_type in _MOVES for n in proto.graph.node):
        return proto
    changed = onnx.ModelProto()
    changed.CopyFrom(proto)
    writer = _Writer(changed)
    for node in proto.graph.node:
        writer.add(node)
    if not writer.changed:
        return proto
    del changed.graph.node[:]
    changed.graph.node.extend(writer.nodes)
    return changed


def _complete(node: onnx.NodeProto) -> bool:
    """Whether an integer operator has an output and the inputs that its definition asks for."""
    kind = node.op_type
    least = {"QLinearConv": 8, "QGemm": 6, "QLinearConcat": 5}.get(kind, 0)
    if kind in _SIMPLE:
        least = 3 * _SIMPLE[kind][1] + 1
    if kind in _MOVES:
        least = 1
    return bool(node.output) and len(node.input) >= least


def _integers(node: onnx.NodeProto) -> Sequence[str]:
    """Which inputs of an operator that moves values it moves: all of a Concat, else the first."""
    return list(node.input) if node.op_type == "Concat" else list(node.input[:1])


@dataclass
class _Writer:
    """Rewrites node by node: integer operators become real ones between DequantizeLinear and
    QuantizeLinear.

    scales: for each integer value so far the names of its scale and zero point. That is how a
    MaxPool or Reshape on integers, which does not repeat them, is told what its values mean.
    """

    model: onnx.ModelProto
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    scales: dict[str, Pair] = field(default_factory=dict)  # of integer values
    changed: bool = False

    def add(self, node: onnx.NodeProto) -> None:
        """Appends a node, in QDQ form if it works on integers."""
        kind = node.op_type
        if kind == "QuantizeLinear" and _get(node.input, 1) and node.output:
            self.scales[node.output[0]] = (node.input[1], _get(node.input, 2))
        if not _complete(node):
            self.nodes.append(node)  # damaged: refused by its name, as it is
        elif kind in _SIMPLE:
            self._simple(node, *_SIMPLE[kind])
        elif kind == "QLinearConv":
            self._conv(node)
        elif kind == "QGemm":
            self._gemm(node)
        elif kind == "QLinearConcat":
            count = (len(node.input) - 2) // 3
            parts = [self._real(node, 2 + 3 * i) for i in range(count)]
            self._real_node(node, "Concat", parts, (node.input[0], node.input[1]))
        elif kind in _MOVES and self.scales.keys() >= set(_integers(node)):
            self._move(node)
        else:
            self.nodes.append(node)

    def _simple(self, node: onnx.NodeProto, kind: str, activations: int) -> None:
        """An operator of _SIMPLE: so many activations, then scale and zero point of the output."""
        inputs = [self._real(node, 3 * i) for i in range(activations)]
        last = 3 * activations
        self._real_node(node, kind, inputs, (node.input[last], _get(node.input, last + 1)))

    def _conv(self, node: onnx.NodeProto) -> None:
        """QLinearConv: x, w and y with scale and zero point each, then the bias, which has none."""
        x, w = self._real(node, 0), self._real(node, 3, axis=0)
        inputs = [x, w]
        if _get(node.input, 8):
            inputs.append(self._bias(node, node.input[8], node.input[1], node.input[4]))
        self._real_node(node, "Conv", inputs, (node.input[6], _get(node.input, 7)))

    def _gemm(self, node: onnx.NodeProto) -> None:
        """QGemm: a, b and the bias, then scale and zero point of the output, which may be missing.

        Several scales of b go along its output axis: 0 if it is transposed, else 1.
        """
        transposed = any(a.name == "transB" and a.i for a in node.attribute)
        inputs = [self._real(node, 0), self._real(node, 3, axis=0 if transposed else 1)]
        if _get(node.input, 6):
            inputs.append(self._bias(node, node.input[6], node.input[1], node.input[4]))
        self._real_node(node, "Gemm", inputs, (_get(node.input, 7), _get(node.input, 8)))

    def _move(self, node: onnx.NodeProto) -> None:
        """An operator that moves values: input and output have one scale and zero point."""
        pair = self.scales[node.input[0]]
        integers = len(_integers(node))
        inputs = [
            self._dequantized(node, name, self.scales[name], i) if i < integers else name
            for i, name in enumerate(node.input)
        ]
        if node.op_type == "Pad" and len(inputs) > 1:
            inputs[2:3] = [self._dequantized(node, self._pad_value(node, pair), pair, 2)]
        self._real_node(node, node.op_type, inputs, pair)

    def _pad_value(self, node: onnx.NodeProto, pair: Pair) -> str:
        """What a Pad on integers puts around them: a constant of the file; else the integer 0."""
        if _get(node.input, 2) or not pair[1]:
            return _get(node.input, 2)
        zeros = self._numbers([pair[1]])
        name = f"{node.output[0]}/value"
        stored = np.zeros((), zeros[0].dtype if zeros else np.int8)
        self.model.graph.initializer.append(numpy_helper.from_array(stored, name))
        return name

    def _real(self, node: onnx.NodeProto, index: int, axis: int | None = None) -> str:
        """Input `index` of a node as real numbers; its scale and zero point stand behind it."""
        pair = (node.input[index + 1], _get(node.input, index + 2))
        return self._dequantized(node, node.input[index], pair, index, axis)

    def _dequantized(
        self,
        node: onnx.NodeProto,
        name: str,
        pair: Pair,
        index: int,
        axis: int | None = None,
    ) -> str:
        """The name of a new value: the real one of an integer input."""
        output = f"{node.output[0]}/real{index}"
        attributes: dict[str, Any] = {} if axis is None else {"axis": axis}
        inputs = [name, *(n for n in pair if n)]
        self.nodes.append(helper.make_node("DequantizeLinear", inputs, [output], **attributes))
        return output

    def _bias(self, node: onnx.NodeProto, name: str, x_scale: str, w_scale: str) -> str:
        """The int32 bias as real numbers: its scale is the product of the two.

        Where a scale is computed at run time the bias stays an integer, for the importer to refuse.
        """
        known = self._numbers((x_scale, w_scale))
        output = f"{node.output[0]}/bias"
        if known is None:
            return name
        scale = f"{output}_scale"
        product = np.atleast_1d(known[0] * known[1]).astype(np.float32).ravel()
        self.model.graph.initializer.append(numpy_helper.from_array(product, scale))
        axis: dict[str, Any] = {"axis": 0} if product.size > 1 else {}
        if product.size == 1:
            self.model.graph.initializer[-1].CopyFrom(
                numpy_helper.from_array(product.reshape(()), scale)
            )
        self.nodes.append(helper.make_node("DequantizeLinear", [name, scale], [output], **axis))
        return output

    def _numbers(self, names: Sequence[str]) -> list[NDArray[Any]] | None:
        """The values of constants; None where one of them is computed."""
        stored = {t.name: t for t in self.model.graph.initializer}
        if any(n not in stored for n in names):
            return None
        return [numpy_helper.to_array(stored[n]) for n in names]

    def _real_node(
        self, node: onnx.NodeProto, kind: str, inputs: Sequence[str], pair: Pair
    ) -> None:
        """The operator on real numbers, and the QuantizeLinear behind each output."""
        self.changed = True
        made = helper.make_node(kind, list(inputs), [], name=node.name)
        made.attribute.extend(a for a in node.attribute if a.name not in _DROPPED)
        for output in node.output:
            real = f"{output}/real"
            made.output.append(real if output else "")
        self.nodes.append(made)
        for output in node.output:
            if not output:
                continue
            if pair[0]:
                quantize = [f"{output}/real", *(n for n in pair if n)]
                self.nodes.append(helper.make_node("QuantizeLinear", quantize, [output]))
                self.scales[output] = pair
            else:  # QGemm may give real numbers
                made.output[0] = output


def _get(names: Sequence[str], index: int) -> str:
    """A name of a list, empty where the list is shorter: ONNX leaves out inputs at the end so."""
    return names[index] if index < len(names) else ""


def operators() -> Mapping[str, str]:
    """The integer operators that are understood, and the real one of each."""
    return {
        **{kind: real for kind, (real, _) in _SIMPLE.items()},
        "QLinearConv": "Conv",
        "QLinearConcat": "Concat",
        "QGemm": "Gemm",
    }
