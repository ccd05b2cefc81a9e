"""Conv, Gemm, MatMul and BatchNormalization of ONNX as convolutions.

A dense layer is a 1x1 convolution: on one pixel, whose channels are the elements of the vector,
or on every pixel of an NHWC map. ONNX counts the elements of a flattened map channel by channel,
the engine pixel by pixel; the columns of the weights are put into the engine's order here, once,
so that nothing has to be moved at run time.

The result is a Draft: an op whose output quantization is not known yet. A QuantizeLinear behind it
gives it; a constant Add, a Relu or a BatchNormalization on the way is taken into the op.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import Geometry, Order
from msfcnn.nodes import (
    UNSET,
    Bounds,
    Builder,
    Constant,
    Draft,
    Importer,
    Known,
    Node,
    Role,
    Unsupported,
    Value,
    View,
    bias_units,
    check_size,
    fits_channels,
    integer_weights,
    map_view,
    per_channel,
    slide,
    spatial_input,
)
from msfcnn.ops.conv.op import Conv
from msfcnn.ops.conv.scaled import scaled_channels
from msfcnn.ops.conv.transposed import TRANSPOSED
from msfcnn.ops.conv.wide import as_int8
from msfcnn.ops.support import SLIDING


def conv(builder: Builder, node: Node) -> Value:
    """Conv on [1, C, H, W], or on [1, C, W] as a map of one row.

    The zeros of a Pad node in front become padding of the kernel (`spatial_input`, `slide`).
    Raises Unsupported where weights, groups and input do not fit each other, for weights that are
    not constant, and for a bias that is out of proportion.
    """
    known = spatial_input(builder, node)
    # 1-D networks are maps of one row: [1, C, W] is [1, C, 1, W]
    tensor, (height, width, channels) = builder.as_map(known, 1, node)
    constant = builder.constant(node, 1, "weight")
    weights, scale = integer_weights(constant)
    rank = len(known.shape)
    if weights.ndim != rank:
        raise Unsupported(f"its weights have {weights.ndim} axes, its input {rank}")
    groups = node.integer("group", 1)
    _check_groups(groups, channels, weights.shape)
    kernel = weights.shape[2:]
    if node.integers("kernel_shape") not in (None, kernel):
        raise Unsupported("its kernel_shape is not that of its weights", "the file is damaged")
    walk = slide(node, known, (height, width), kernel, ceil=False)
    out = (*walk.out, len(weights))
    check_size("its output", out)
    unit = builder.tensors[tensor].quantization.scale * scale
    bias = bias_units(builder.constant(node, 2, "bias"), unit)
    # ONNX has [output, input, line, pixel]; kernels read all channels of a pixel together
    taps = weights.reshape(*weights.shape[:2], *[1] * (4 - rank), *kernel).transpose(0, 2, 3, 1)
    tensor, stored = as_int8(builder, node, tensor, taps, groups)
    op = Conv(
        node=node.name,
        input=tensor,
        output=UNSET,
        geometry=walk.geometry,
        groups=groups,
        weights=stored,
        weight_scale=scale,
        bias=bias,
    )
    return Draft(op=op, node=node, view=map_view(out, rank), origin=node.outputs[0])


def _check_groups(groups: int, channels: int, shape: tuple[int, ...]) -> None:
    """ONNX says the number of groups; weights and channels must agree with it."""
    if groups < 1 or channels % groups or shape[0] % groups or shape[1] * groups != channels:
        what = f"weights of shape {list(shape)} in {groups} groups do not fit {channels} channels"
        raise Unsupported(what, "the file is damaged; export it again")


def gemm(builder: Builder, node: Node) -> Value:
    """Gemm: alpha * x * B + beta * C with a constant B.

    B is [inputs, outputs], or [outputs, inputs] with transB = 1, which is how exporters write a
    dense layer. With transA = 1, x is [inputs, 1]. Raises Unsupported for an alpha that is not
    positive, and where B is computed at run time.
    """
    known = builder.activation(node, 0)
    alpha, beta = node.real("alpha", 1.0), node.real("beta", 1.0)
    if not (math.isfinite(alpha) and alpha > 0 and math.isfinite(beta)):
        raise Unsupported(f"its alpha is {alpha:g} and beta {beta:g}", "use an alpha above 0")
    weights, scale = _weights(builder, node, rows_are_outputs=node.boolean("transB", False))
    if len(known.shape) != 2:
        raise Unsupported(f"its input has {len(known.shape)} axes", "flatten it to 2 axes first")
    if node.boolean("transA", False):
        known = replace(known, view=known.view.transposed((1, 0), node))
    # alpha is positive, so it is part of the weights' scale and changes no weight
    scale = scale * alpha
    draft = _dense(builder, node, known, weights, scale)
    op = draft.op
    if isinstance(op, Conv) and node.input(2):
        unit = builder.tensors[op.input].quantization.scale * scale
        bias = bias_units(builder.constant(node, 2, "bias"), unit, beta)
        return replace(draft, op=replace(op, bias=bias))
    return draft


def matmul(builder: Builder, node: Node) -> Value:
    """MatMul with a constant right side; an Add behind it becomes its bias.

    The right side is [inputs, outputs]. On [1, ..., C] with several rows it is applied to each of
    them, as a pointwise convolution of a map whose channels are the last axis (NHWC).
    """
    if isinstance(builder.value(node, 0), Constant):
        what = "its constant is on the left side"
        raise Unsupported(what, "export the layer as activation x weights, or as Gemm")
    known = builder.activation(node, 0)
    weights, scale = _weights(builder, node, rows_are_outputs=False)
    return _dense(builder, node, known, weights, scale)


def _dense(
    builder: Builder,
    node: Node,
    known: Known,
    weights: NDArray[np.int16],
    scale: NDArray[np.float64],
) -> Draft:
    """A dense layer along the last axis: of a vector, or of each of several rows."""
    if math.prod(known.shape[:-1]) == 1:
        return _on_vector(builder, node, known, weights, scale)
    rows = known
    if known.shape[0] != 1 or len(known.shape) not in (3, 4):  # frames [T, C] that were [1, T, C]
        shape = (1, math.prod(known.shape[:-1]), known.shape[-1])
        rows = replace(known, view=known.view.reshaped(shape, known.view.by))
    tensor, (height, width, channels) = builder.as_map(rows, len(rows.shape) - 1, node)
    _check_length(weights, channels)
    view = View(
        hwc=(height, width, len(weights)), shape=(*known.shape[:-1], len(weights)), flat=Order.HWC
    )
    return Draft(
        op=_pointwise(builder, node, tensor, weights, scale),
        node=node,
        view=view,
        origin=node.outputs[0],
    )


def _weights(
    builder: Builder, node: Node, rows_are_outputs: bool
) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    """Weights int16 [outputs, inputs] in steps of -255 to 255, and the scale of each output."""
    if isinstance(builder.value(node, 1), Known | Draft):
        what = "multiplies two activations, as attention does"
        raise Unsupported(what, "msfcnn runs convolutional networks; replace it by convolutions")
    constant = builder.constant(node, 1, "weight matrix")
    if constant is None or len(constant.shape) != 2:
        raise Unsupported("its weights are no matrix", "use weights with two axes")
    return integer_weights(constant if rows_are_outputs else constant.mapped(np.transpose))


def _on_vector(
    builder: Builder,
    node: Node,
    known: Known,
    weights: NDArray[np.int16],
    scale: NDArray[np.float64],
) -> Draft:
    """A dense layer; its columns are put into the order in which the input lies in memory.

    Behind the Flatten of a map ONNX counts channel by channel (CHW), memory pixel by pixel (HWC):
    to permute the weights here costs nothing, to permute activations would cost RAM and time.
    """
    if known.shape and math.prod(known.shape[:-1]) != 1:
        raise builder.misplaced(known.view, node)
    _check_length(weights, known.view.size)
    columns = np.empty_like(weights)
    columns[:, known.view.positions().ravel()] = weights
    op = _pointwise(builder, node, builder.as_vector(known, node), columns, scale)
    outputs = len(weights)
    view = View(hwc=(1, 1, outputs), shape=(*known.shape[:-1], outputs))
    return Draft(op=op, node=node, view=view, origin=node.outputs[0])


def _pointwise(
    builder: Builder,
    node: Node,
    tensor: int,
    weights: NDArray[np.int16],
    scale: NDArray[np.float64],
) -> Conv:
    """Weights [outputs, inputs] on every pixel of a tensor, without bias."""
    outputs, inputs = weights.shape
    taps = weights.reshape(outputs, 1, 1, inputs)
    read, stored = as_int8(builder, node, tensor, taps, groups=1)
    return Conv(
        node=node.name,
        input=read,
        output=UNSET,
        geometry=Geometry(kernel_h=1, kernel_w=1),
        groups=1,
        weights=stored,
        weight_scale=scale,
        bias=np.zeros(outputs, np.int64),
    )


def _check_length(weights: NDArray[np.int16], inputs: int) -> None:
    """Every value of the input has a weight."""
    if weights.shape[1] != inputs:
        what = f"its weights take {weights.shape[1]} values, but its input has {inputs}"
        raise Unsupported(what, "the file is damaged; export it again")


def batch_normalization(builder: Builder, node: Node) -> Value:
    """BatchNormalization: into the convolution before it, else a depthwise 1x1 convolution.

    y = x * factor + offset per channel, with factor = scale / sqrt(variance + epsilon). Raises
    Unsupported in training mode, where mean and variance would be those of the batch, and for
    parameters that are not constant, differ in length, or give no finite factor.
    """
    if node.boolean("training_mode", False) or any(node.outputs[1:]):
        raise Unsupported("is in training mode", "export the model for inference (model.eval())")
    roles = ("scale", "bias", "mean", "variance")
    found = [builder.constant(node, i, role) for i, role in enumerate(roles, 1)]
    if any(c is None or c.stored.ndim != 1 for c in found):
        raise Unsupported("its parameters are no vectors", "the file is damaged; export it again")
    gamma, beta, mean, variance = (c.real for c in found if c is not None)
    if len({len(gamma), len(beta), len(mean), len(variance)}) > 1:
        raise Unsupported("its parameters differ in length", "the file is damaged; export it again")
    with np.errstate(all="ignore"):
        factor = gamma / np.sqrt(variance + node.real("epsilon", 1e-5))
        offset = Constant(beta - mean * factor)
    if not (np.isfinite(factor).all() and np.isfinite(offset.real).all()):
        what = "its parameters give a factor or an offset that is not finite"
        raise Unsupported(what, "export the model again; a variance may be negative")
    value = builder.value(node, 0)
    # before it is quantized, a convolution takes the factor into its weight scale, exactly
    if _takes(value, factor):
        assert isinstance(value, Draft)
        before = value.op
        assert isinstance(before, Conv)
        column = (1, -1, *[1] * (len(value.view.shape) - 2))
        spread = [
            per_output(value, before, Constant(reals.reshape(column)), node)
            for reals in (factor, offset.real)
        ]
        factor, offset = spread[0].real, spread[1]
        unit = builder.tensors[before.input].quantization.scale
        scale = before.weight_scale * factor
        bias = before.bias + bias_units(offset, unit * scale)
        op = replace(before, weight_scale=scale, bias=bias)
        return replace(value, op=op, origin=node.outputs[0])
    known = builder.activation(node, 0)
    tensor, hwc = builder.as_map(known, 1, node)
    if len(factor) != hwc[2]:
        raise Unsupported(f"has {len(factor)} factors for {hwc[2]} channels", "the file is damaged")
    unit = builder.tensors[tensor].quantization.scale
    op = scaled_channels(node, tensor, unit, factor, offset.real)
    rank = len(known.shape)
    view = map_view(hwc, rank) if rank > 2 else View(hwc=hwc, shape=known.shape)
    return Draft(op=op, node=node, view=view, origin=node.outputs[0])


def _takes(value: Value, factor: NDArray[np.float64]) -> bool:
    """Whether a value is a convolution that nothing quantizes before the normalization.

    Factors must be positive, as they become scales, and no Relu may stand between: with bounds on
    the draft the offset would have to be added behind them.
    """
    return (
        isinstance(value, Draft)
        and isinstance(value.op, Conv)
        and value.bounds == Bounds()
        and len(factor) == value.view.hwc[2]
        and value.view.as_map(1) is not None
        and bool((factor > 0).all())
    )


def per_output(draft: Draft, op: Conv, constant: Constant, node: Node) -> Constant:
    """A constant behind a convolution as one number, or one for each of its outputs.

    Those are the channels of the draft's value but for what a spread makes of them. A ConvTranspose
    has an output for each place of a block, channel by channel; one whose channels are the elements
    of a map has them pixel by pixel. Raises Unsupported where the constant does not fit.
    """
    pixelwise = draft.spread is not None and draft.spread.op.view
    if pixelwise and draft.spread is not None and not fits_channels(constant, draft.view):
        return per_channel(constant, draft.spread.view, node)
    found = per_channel(constant, draft.view, node)
    if found.stored.size == 1:
        return found
    times = len(op.weights) // draft.view.hwc[2]
    return found.mapped(lambda v: np.tile(v, times) if pixelwise else np.repeat(v, times))


Conv.importers = (
    TRANSPOSED,
    Importer(
        kind="BatchNormalization",
        convert=batch_normalization,
        becomes="part of the Conv before it, or a depthwise 1x1 Conv",
        constraints=("inference; parameters constant",),
        role=Role.ELEMENTWISE,
    ),
    Importer(
        kind="Conv",
        convert=conv,
        becomes="Conv (ordinary, pointwise, depthwise, grouped)",
        constraints=(
            *SLIDING,
            "weights int8 or uint8, per tensor or per channel, with any zero point; what is beyond "
            "int8 without it is computed twice",
            "bias int32 or float, constant",
        ),
        role=Role.SPATIAL,
    ),
    Importer(
        kind="Gemm",
        convert=gemm,
        becomes="pointwise Conv on 1x1 pixels",
        constraints=("alpha > 0", "B constant, int8 or uint8; C constant"),
    ),
    Importer(
        kind="MatMul",
        convert=matmul,
        becomes="pointwise Conv; a constant Add behind it becomes its bias",
        constraints=(
            "right side a constant matrix, int8 or uint8",
            "vectors, or NHWC maps per pixel",
        ),
        role=Role.LAST_AXIS,
    ),
)
