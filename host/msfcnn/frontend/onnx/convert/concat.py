"""Concat of channels."""

from __future__ import annotations

from msfcnn.frontend.onnx.builder import Builder, same_quantization
from msfcnn.frontend.onnx.graph import Node
from msfcnn.frontend.onnx.problems import Unsupported
from msfcnn.frontend.onnx.shapes import check_size
from msfcnn.frontend.onnx.values import UNSET, Draft, Value
from msfcnn.frontend.onnx.views import View
from msfcnn.ir import Concat, Order


def concat(builder: Builder, node: Node) -> Value:
    """Concat over the channels of NCHW or NHWC maps or of vectors."""
    parts = [builder.activation(node, i) for i in range(len(node.inputs))]
    shape = parts[0].shape
    rank = len(shape)
    axis = node.integer("axis", 1)
    axis = axis + rank if axis < 0 else axis
    if rank not in (2, 3, 4) or axis not in (1, rank - 1):
        what = f"joins maps of the shape {list(shape)} along axis {axis}, not along channels"
        raise Unsupported(what, "join channels: axis 1 of NCHW, or the last axis of NHWC")
    others = [_without(part.shape, axis) for part in parts]
    if any(other != others[0] for other in others):
        raise Unsupported("joins maps that differ in height or width", "give them the same size")
    maps = [builder.as_map(part, axis, node) for part in parts]
    channels = sum(hwc[2] for _, hwc in maps)
    height, width, _ = maps[0][1]
    check_size("its output", (height, width, channels))
    out_shape = (*shape[:axis], channels, *shape[axis + 1 :])
    order = Order.CHW if axis == 1 else Order.HWC
    view = View((height, width, channels), out_shape, order)
    op = Concat(node.name, tuple(tensor for tensor, _ in maps), UNSET)
    tensors = [builder.tensors[tensor] for tensor, _ in maps]
    first = tensors[0]
    equal = all(
        same_quantization(t.quantization, first.quantization) and t.unsigned == first.unsigned
        for t in tensors
    )
    inherited = first.quantization if equal else None
    return Draft(op, node, view, node.outputs[0], inherited, first.unsigned)


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return shape[:axis] + shape[axis + 1 :]
