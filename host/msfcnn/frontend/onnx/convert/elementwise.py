"""Relu and Clip (bounds of the op before), Add of two activations or of a constant."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfcnn.frontend.onnx.builder import Builder
from msfcnn.frontend.onnx.graph import Node
from msfcnn.frontend.onnx.problems import Unsupported
from msfcnn.frontend.onnx.values import UNSET, Bounds, Constant, Draft, Known, Value
from msfcnn.frontend.onnx.views import View
from msfcnn.frontend.onnx.weights import bias_units
from msfcnn.ir import Add, Conv, Geometry, Requantize

UNIT_WEIGHT = 127  # a factor of one: weight 127 of scale 1 / 127


def relu(builder: Builder, node: Node) -> Value:
    """Relu: a lower bound of 0."""
    return _bounded(builder, node, 0.0, math.inf)


def clip(builder: Builder, node: Node) -> Value:
    """Clip: bounds that are constant inputs, both optional."""
    low = _bound(builder, node, 1, -math.inf)
    return _bounded(builder, node, low, _bound(builder, node, 2, math.inf))


def add(builder: Builder, node: Node) -> Value:
    """Add: a residual, or a constant per channel, which is the bias of the layer before."""
    sides = [builder.value(node, 0), builder.value(node, 1)]
    constants = [i for i, side in enumerate(sides) if isinstance(side, Constant)]
    if not constants:
        return _add_activations(builder, node)
    activation = 1 - constants[0]
    constant = sides[constants[0]]
    value = sides[activation]
    if not isinstance(constant, Constant) or isinstance(value, Constant):
        raise Unsupported("adds two constants", "fold constants before quantizing")
    if isinstance(value, Draft) and isinstance(value.op, Conv) and value.bounds == Bounds():
        return _add_to_bias(builder, node, value, value.op, constant)
    return _add_constant(builder, node, builder.activation(node, activation), constant)


def _bounded(builder: Builder, node: Node, low: float, high: float) -> Value:
    value = builder.value(node, 0)
    if isinstance(value, Draft):
        return replace(value, bounds=value.bounds.then(low, high))
    known = builder.activation(node, 0)
    tensor = builder.tensors[known.tensor]
    return Draft(
        Requantize(node.name, known.tensor, UNSET),
        node,
        known.view,
        node.outputs[0],
        tensor.quantization,
        tensor.unsigned,
        Bounds(low, high),
    )


def _bound(builder: Builder, node: Node, index: int, default: float) -> float:
    constant = builder.constant(node, index, "bound")
    if constant is None:
        return default
    if constant.stored.size != 1 or math.isnan(bound := float(constant.real.ravel()[0])):
        raise Unsupported("its bounds are no numbers", "use one number each for min and max")
    return bound


def _add_activations(builder: Builder, node: Node) -> Value:
    left, right = builder.activation(node, 0), builder.activation(node, 1)
    if left.shape != right.shape:
        what = f"adds activations of the shapes {list(left.shape)} and {list(right.shape)}"
        raise Unsupported(what, "both need the same shape; broadcasting is not supported")
    if not left.view.same_elements(right.view):
        raise builder.misplaced(right.view if right.view.by else left.view, node)
    other = builder.with_shape(right.tensor, left.view.hwc, right.view.by or node)
    op = Add(node.name, left.tensor, other, UNSET)
    return Draft(op, node, left.view, node.outputs[0])


def _add_to_bias(builder: Builder, node: Node, draft: Draft, op: Conv, constant: Constant) -> Value:
    spread = _per_channel(constant, draft.view, node)
    unit = builder.tensors[op.input].quantization.scale * op.weight_scale
    bias = op.bias + bias_units(spread, unit)
    return replace(draft, op=replace(op, bias=bias), origin=node.outputs[0])


def _add_constant(builder: Builder, node: Node, known: Known, constant: Constant) -> Value:
    view = known.view
    if len(view.shape) == 2 and view.shape[0] == 1:  # each element of a vector is a channel
        tensor = builder.as_vector(known, node)
        view = view.read_as((1, 1, view.size))
    else:
        tensor = known.tensor
    spread = _per_channel(constant, view, node)
    channels = view.hwc[2]
    scale = np.full(channels, 1 / UNIT_WEIGHT)
    op = Conv(
        node.name,
        tensor,
        UNSET,
        geometry=Geometry(1, 1),
        groups=channels,
        weights=np.full((channels, 1, 1, 1), UNIT_WEIGHT, np.int8),
        weight_scale=scale,
        bias=bias_units(spread, builder.tensors[tensor].quantization.scale * scale),
    )
    return Draft(op, node, view, node.outputs[0])


def _per_channel(constant: Constant, view: View, node: Node) -> Constant:
    """The constant as one value per channel of the tensor behind the view."""
    if constant.stored.size == 1:
        return constant.reshaped((1,))
    mismatch = Unsupported(
        f"adds a constant of shape {list(constant.shape)} to {list(view.shape)}",
        "use a scalar or one value per channel",
        node,
    )
    try:
        if np.broadcast_shapes(constant.shape, view.shape) != view.shape:
            raise mismatch
    except ValueError:
        raise mismatch from None
    positions = view.positions().ravel()

    def lay_out(values: NDArray[Any]) -> NDArray[Any]:
        laid: NDArray[Any] = np.empty(view.size, values.dtype)
        laid[positions] = np.broadcast_to(values, view.shape).ravel()
        pixels = laid.reshape(-1, view.hwc[2])
        if (pixels != pixels[0]).any():
            raise mismatch
        first: NDArray[Any] = pixels[0].copy()
        return first

    return constant.mapped(lay_out)
