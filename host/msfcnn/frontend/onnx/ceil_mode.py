"""Pools whose ceil_mode asks for a position that starts behind the map: it is left out.

PyTorch, onnxruntime and ONNX from opset 22 on leave such a position out. Shape inference of earlier
opsets counts it, and what is behind the pool then has a size that no runtime gives it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper

from msfcnn.frontend.onnx.graph import attribute, node_kind, set_attributes
from msfcnn.frontend.onnx.opset import opset_of

POOLS = ("MaxPool", "AveragePool")
LEFT_OUT_SINCE = 22  # opset
PAD_HAS_INPUTS = 11  # opset


@dataclass(frozen=True)
class _Axis:
    """One axis of a pool. reach: pixels that a kernel covers, dilated; before, after: padding."""

    size: int
    reach: int
    stride: int
    before: int
    after: int

    @property
    def rest(self) -> int:
        """Pixels behind the last whole position."""
        return (self.size + self.before + self.after - self.reach) % self.stride

    @property
    def left_out(self) -> bool:
        """Whether ceil_mode asks for a position behind the map and the padding before it."""
        room = self.size + self.before + self.after - self.reach
        following = (room // self.stride + 1) * self.stride
        return self.rest > 0 and following >= self.size + self.before

    @property
    def beyond(self) -> int:
        """How far a partial position, which stays, reaches beyond the padding."""
        return 0 if self.rest == 0 or self.left_out else self.stride - self.rest


def settle_ceil_modes(model: onnx.ModelProto) -> None:
    """Pools with such a position lose their ceil_mode, in place, and all shapes are inferred again.

    Padding that counts in an average becomes a Pad before it where the other axis has a partial
    position: what that one reaches beyond the padding does not count.
    """
    if not PAD_HAS_INPUTS <= opset_of(model) < LEFT_OUT_SINCE:
        return
    rounding_up = [node for node in model.graph.node if _rounds_up(node)]
    for node in rounding_up:  # in the order of execution: each shape depends on the ones before
        axes = _axes(node, _shape_of(model, node.input[0]))
        if any(axis.left_out for axis in axes):
            _settle(model.graph, node, axes)
            _infer_again(model)


def _settle(graph: onnx.GraphProto, node: onnx.NodeProto, axes: list[_Axis]) -> None:
    """Gives a pool padding instead of its ceil_mode."""
    before, after = [a.before for a in axes], [a.after for a in axes]
    beyond = [a.beyond for a in axes]
    if attribute(node, "count_include_pad", 0) and any(beyond):
        if any(before + after):
            _pad_before(graph, node, [0, 0, *before, 0, 0, *after])
        before = after = [0] * len(axes)
        set_attributes(node, {"count_include_pad": 0})
    pads = [*before, *(a + b for a, b in zip(after, beyond, strict=True))]
    set_attributes(node, {"ceil_mode": 0, "pads": pads, "auto_pad": "NOTSET"})


def _pad_before(graph: onnx.GraphProto, node: onnx.NodeProto, pads: list[int]) -> None:
    """A Pad with zeros that a pool reads instead of its input."""
    made, amounts = f"{node.output[0]}_padded", f"{node.output[0]}_pads"
    graph.initializer.append(onnx.numpy_helper.from_array(np.array(pads, np.int64), amounts))
    pad = helper.make_node("Pad", [node.input[0], amounts], [made], f"{made}_before")
    graph.node.insert(next(i for i, n in enumerate(graph.node) if n == node), pad)
    node.input[0] = made


def _rounds_up(node: onnx.NodeProto) -> bool:
    return node_kind(node) in POOLS and bool(attribute(node, "ceil_mode", 0))


def _shape_of(model: onnx.ModelProto, name: str) -> tuple[int, ...]:
    """Shape of a value; 0 where it is open, () where nothing is known."""
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    for value in (*graph.input, *graph.value_info):
        if value.name == name:
            return tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
    return ()


def _axes(node: onnx.NodeProto, shape: tuple[int, ...]) -> list[_Axis]:
    """The axes along which a pool slides; none where the file says too little or contradicts."""
    kernel = attribute(node, "kernel_shape", [])
    rank = len(kernel)
    strides = attribute(node, "strides", [1] * rank)
    dilations = attribute(node, "dilations", [1] * rank)
    pads = attribute(node, "pads", [0] * 2 * rank)
    if attribute(node, "auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        return []  # SAME has no rest
    lengths = (len(shape) - 2, len(strides), len(dilations), len(pads) - rank)
    if any(length != rank for length in lengths) or min(strides, default=0) < 1:
        return []
    axes = [
        _Axis(
            size=shape[2 + i],
            reach=(kernel[i] - 1) * dilations[i] + 1,
            stride=strides[i],
            before=pads[i],
            after=pads[rank + i],
        )
        for i in range(rank)
    ]
    fit = all(a.size > 0 and a.size + a.before + a.after >= a.reach for a in axes)
    return axes if fit else []


def _infer_again(model: onnx.ModelProto) -> None:
    """Replaces all shapes behind the inputs, in place; what the file said of them was wrong."""
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    for output, found in zip(model.graph.output, inferred.output, strict=True):
        output.CopyFrom(found)
