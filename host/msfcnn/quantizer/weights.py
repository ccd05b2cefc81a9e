"""Weights as int8 with a scale per output channel, biases as int32 in the unit of the sums.

Symmetric: a zero point of the weights would cost the kernels a sum of the inputs for each output.
The unit of the sums, and so of the bias, is input scale * weight scale: accumulators hold both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of

LARGEST = 127  # -128 is left out, as TFLite's specification of int8 weights demands
BIAS_ROOM = 2.0**30  # int32 holds the bias and the sums beside it
LEAST_RATIO = 1e-6  # of a channel's scale to the largest: beyond it a channel is as good as zero


@dataclass(frozen=True, eq=False)
class QuantizedWeights:
    """stored int8 in the shape of the ONNX weights, scale float32 [channels] along `axis`.

    Of a ConvTranspose with groups the channels are those of one group, which all groups share.
    """

    stored: NDArray[np.int8]
    scale: NDArray[np.float32]
    axis: int

    @property
    def real(self) -> NDArray[np.float64]:
        """What the stored values stand for."""
        column = [1] * self.stored.ndim
        column[self.axis] = -1
        return self.stored * self.scale.astype(np.float64).reshape(column)


def output_axis(node: onnx.NodeProto, rank: int) -> int:
    """The axis of the weights that counts output channels (of a group)."""
    kind = kind_of(node)
    if kind == "Gemm":
        return 0 if attribute(node, "transB", 0) else 1
    if kind == "MatMul":
        return rank - 1
    return 1 if kind == "ConvTranspose" else 0


def quantize_weights(
    edited: EditedGraph, node: onnx.NodeProto, input_scale: float
) -> QuantizedWeights | None:
    """The weights of a node (Conv, ConvTranspose, Gemm, MatMul), None if they are no constant.

    input_scale: of the node's input; without it the bias has no unit.
    A channel's scale is at least what lets its bias fit into int32.
    """
    constant = edited.constant(node, 1)
    if constant is None or constant.ndim < 2:
        return None
    weights = constant.astype(np.float64)
    axis = output_axis(node, weights.ndim)
    others = tuple(a for a in range(weights.ndim) if a != axis)
    largest = np.abs(weights).max(axis=others)
    top = largest.max() or 1.0
    # a channel of zeros has no scale of its own; what its bias needs follows from the others'
    scale = np.where(largest > 0, np.maximum(largest, top * LEAST_RATIO), top) / LARGEST
    bias = edited.constant(node, 2) if kind_of(node) != "MatMul" else None
    if bias is not None and bias.size == scale.size:
        scale = np.maximum(
            scale, np.abs(bias.astype(np.float64).ravel()) / (input_scale * BIAS_ROOM)
        )
    factors = scale.astype(np.float32)
    column = [1] * weights.ndim
    column[axis] = -1
    steps = np.rint(weights / factors.astype(np.float64).reshape(column))
    return QuantizedWeights(np.clip(steps, -LARGEST, LARGEST).astype(np.int8), factors, axis)


def quantize_bias(
    bias: NDArray[np.generic], input_scale: float, weights: QuantizedWeights
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """int32 values and their scale, one per output channel.

    A bias beyond int32, which `quantize_weights` avoids where it may, saturates.
    """
    unit = np.float32(input_scale) * weights.scale
    channels = bias.size
    if unit.size != channels:  # groups of a ConvTranspose share their scales
        unit = np.tile(unit, channels // unit.size)
    steps = np.rint(bias.astype(np.float64).ravel() / unit.astype(np.float64))
    limit = 2.0**31 - 1
    return np.clip(steps, -limit, limit).astype(np.int32), unit.astype(np.float32)


def mean_error(
    edited: EditedGraph,
    node: onnx.NodeProto,
    weights: QuantizedWeights,
    means: NDArray[np.float64],
) -> NDArray[np.float64] | None:
    """How far rounding the weights lowers the mean of each output, inside of any padding.

    Added to the bias, it takes the shift back (Nagel et al., "Data-Free Quantization Through
    Weight Equalization and Bias Correction", 2019; here with measured means).
    means: of the input, per channel. None where the layer's outputs mix channels otherwise.
    """
    constant = edited.constant(node, 1)
    if constant is None or kind_of(node) not in ("Conv", "Gemm"):
        return None
    lost = constant.astype(np.float64) - weights.real
    if kind_of(node) == "Gemm":
        rows = lost if weights.axis == 0 else lost.T
        return rows @ means if rows.shape[1] == means.size else None
    taps: NDArray[np.float64] = lost.reshape(*lost.shape[:2], -1).sum(axis=2)
    groups = attribute(node, "group", 1)
    if taps.shape[1] * groups != means.size:
        return None
    grouped = taps.reshape(groups, -1, taps.shape[1])
    return (grouped @ means.reshape(groups, -1, 1)).ravel()
