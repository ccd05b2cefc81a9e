"""Conv: any kernel, stride, padding, dilation and grouping, in one or two dimensions."""

from __future__ import annotations

import numpy as np

from msfcnn.frontend.onnx.builder import Builder, stray_padding
from msfcnn.frontend.onnx.geometry import sweep
from msfcnn.frontend.onnx.graph import Node
from msfcnn.frontend.onnx.problems import Unsupported
from msfcnn.frontend.onnx.shapes import check_size
from msfcnn.frontend.onnx.values import UNSET, Draft, Known, Value
from msfcnn.frontend.onnx.views import map_view
from msfcnn.frontend.onnx.weights import bias_units, int8_weights
from msfcnn.ir import Conv


def conv(builder: Builder, node: Node) -> Value:
    """Conv on [1, C, H, W], or on [1, C, W] as a map of one row."""
    known = spatial_input(builder, node)
    tensor, (height, width, channels) = builder.as_map(known, 1, node)
    constant = builder.constant(node, 1, "weight")
    weights, scale = int8_weights(constant)
    rank = len(known.shape)
    if weights.ndim != rank:
        raise Unsupported(f"its weights have {weights.ndim} axes, its input {rank}")
    groups = node.integer("group", 1)
    _check_groups(groups, channels, weights.shape)
    kernel = weights.shape[2:]
    if node.integers("kernel_shape") not in (None, kernel):
        raise Unsupported("its kernel_shape is not that of its weights", "the file is damaged")
    walk = sweep(node, known, (height, width), kernel, ceil=False)
    out = (*walk.out, len(weights))
    check_size("its output", out)
    unit = builder.tensors[tensor].quantization.scale * scale
    bias = bias_units(builder.constant(node, 2, "bias"), unit)
    taps = weights.reshape(*weights.shape[:2], *[1] * (4 - rank), *kernel).transpose(0, 2, 3, 1)
    op = Conv(
        node.name,
        tensor,
        UNSET,
        geometry=walk.geometry,
        groups=groups,
        weights=np.ascontiguousarray(taps),
        weight_scale=scale,
        bias=bias,
    )
    return Draft(op, node, map_view(out, rank), node.outputs[0])


def spatial_input(builder: Builder, node: Node) -> Known:
    """The map a sliding kernel reads; zeros of a Pad in front may still surround it."""
    known = builder.activation(node, 0, padding=True)
    rank = len(known.shape)
    if rank not in (3, 4):
        what = f"its input has {rank} axes; images have 4 and lines 3"
        raise Unsupported(what, "use a network in one or two dimensions")
    if known.padding and any(known.padding.before[:2] + known.padding.after[:2]):
        raise stray_padding(known.padding.node, "the next op: it pads batch or channels")
    return known


def _check_groups(groups: int, channels: int, shape: tuple[int, ...]) -> None:
    if groups < 1 or channels % groups or shape[0] % groups or shape[1] * groups != channels:
        what = f"weights of shape {list(shape)} in {groups} groups do not fit {channels} channels"
        raise Unsupported(what, "the file is damaged; export it again")
