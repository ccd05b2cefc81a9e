"""The integer constants of a convolution.

acc = bias + sum of weight * input, and output = clamp(zero + acc * multiplier / 2**shift): the
real factor input scale * weight scale / output scale of each channel becomes a multiplier of 31
bits and a shift. The input's zero point times the sum of the weights is folded into the bias, so
that the inner loop multiplies stored values. What int32 cannot hold is refused here, with the
node's name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msfcnn.errors import ModelError, Problem
from msfcnn.ir import (
    INT32_MAX,
    SMALLEST_MULTIPLIER,
    Clamp,
    Model,
    Scaling,
    scaling_of,
    to_even,
)
from msfcnn.ops.conv.layer import ConvData

SHORT = 0x40  # marks a shift of the engine's tables: accumulators and shift are as below
SHORT_REACH = 2**19  # what no accumulator reaches
SHORT_SHIFTS = (33, 43)
CONSTANT_FACTOR = 2.0**-22  # of channels whose output is their bias
COUNTS_FOR_NOTHING = 0.25  # of a step of the output
LARGEST_STEP = 255  # from a zero point to any int8, which is the most that an output can move


@dataclass(frozen=True, eq=False)
class ConvConstants:
    """Integer constants of a convolution; the input's zero point is folded into the bias.

    bias:    int32 [cout], in steps of the accumulator.
    scaling: multiplier and shift [cout]; shifts may be marked with TO_EVEN (msfcnn.ir.numerics).
    """

    bias: NDArray[np.int32]
    scaling: Scaling
    input_zero: int
    output_zero: int
    clamp: Clamp


def unfolded(weights: NDArray[np.int8], k: ConvConstants) -> NDArray[np.int32]:
    """Biases of a portable depthwise kernel, which subtracts the zero point from each input.

    No sum leaves int32: each of its taps adds an input or a zero point, times its weight.
    """
    taps = weights.reshape(len(weights), -1).sum(axis=1, dtype=np.int64)
    bias: NDArray[np.int32] = (k.bias + k.input_zero * taps).astype(np.int32)
    return bias


def marked(weights: NDArray[np.int8], k: ConvConstants) -> NDArray[np.uint8]:
    """Shifts [outputs] of a portable kernel; those whose product is short are marked with SHORT.

    A 20-bit accumulator times a 31-bit multiplier can be had from three 32-bit products, which is
    what processors without the upper half of a product (Cortex-M0) are after; tables.h says what
    kernels may rely on. A shift with TO_EVEN is beyond SHORT_SHIFTS and never marked.
    """
    taps = np.abs(weights.reshape(len(weights), -1).astype(np.int64)).sum(axis=1)
    low, high = SHORT_SHIFTS
    shift = k.scaling.shift
    short = np.abs(k.bias.astype(np.int64)) + 128 * taps < SHORT_REACH
    short &= (shift >= low) & (shift <= high)
    return np.where(short, shift | SHORT, shift).astype(np.uint8)


def _with_constant_channels(
    bias: NDArray[np.int64], factors: NDArray[np.float64], sums: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Bias and factor of channels whose bias alone counts, in a form that int32 holds.

    Where a factor is so small that no weighted sum (at most `sums`) changes the output, the output
    is the bias; that may be far beyond int32 in units of such a factor.
    """
    lost = (np.abs(bias) + sums > INT32_MAX) | (factors < SMALLEST_MULTIPLIER)
    constant = lost & (sums * np.maximum(factors, CONSTANT_FACTOR) < COUNTS_FOR_NOTHING)
    outputs = np.clip(np.rint(bias * factors), -LARGEST_STEP, LARGEST_STEP)
    moved = (outputs / CONSTANT_FACTOR).astype(np.int64)
    return np.where(constant, moved, bias), np.where(constant, CONSTANT_FACTOR, factors)


def conv_constants(model: Model, op: ConvData) -> ConvConstants:
    """Bias, multipliers and zero points of a convolution.

    Raises ModelError where an int32 accumulator could overflow or a scale is absurd.
    """
    source, target = model.tensors[op.input], model.tensors[op.output]
    factors = source.quantization.scale * op.weight_scale / target.quantization.scale
    taps = op.weights.reshape(len(op.weights), -1).astype(np.int64)
    sums = 128 * np.abs(taps).sum(axis=1)
    bias = op.bias - source.quantization.zero_point * taps.sum(axis=1)
    bias, factors = _with_constant_channels(bias, factors, sums)
    scaling = scaling_of(op.node, factors)
    reach = np.abs(bias) + sums
    if (reach > INT32_MAX).any():
        channel = int(np.argmax(reach))
        raise ModelError(
            Problem(
                op.node,
                f"the 32-bit accumulator of output channel {channel} can overflow",
                "quantize the model again; its bias is out of proportion to its weights",
                "Conv",
            )
        )
    return ConvConstants(
        bias=bias.astype(np.int32),
        scaling=to_even(scaling, reach, factors),
        input_zero=source.quantization.zero_point,
        output_zero=target.quantization.zero_point,
        clamp=op.clamp,
    )
