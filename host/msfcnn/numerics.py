"""The numbers of int8 inference: one rounding, and the integer constants every op runs with.

This module is the only definition. The reference executor computes with it, the emitter writes
its results into the tables, and the C kernels repeat `requantize` bit for bit:

    q = clamp(zero_point + ((acc * multiplier + (1 << (shift - 1))) >> shift))

with a 64-bit product, an arithmetic shift and a single rounding (half up).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msfcnn.errors import ModelError, Problem
from msfcnn.ir import (
    Add,
    AveragePool,
    Clamp,
    Concat,
    Conv,
    GlobalAveragePool,
    MaxPool,
    Model,
    Op,
    Quantization,
    Requantize,
    Reshape,
    Softmax,
)

INT32_MAX = 2**31 - 1
SMALLEST_MULTIPLIER = 2.0**-31  # a smaller factor turns every int32 into 0
LARGEST_MULTIPLIER = INT32_MAX / 2  # with a shift of 1
EXP_BITS = 23  # fraction bits of the softmax table
SCALE_BITS = 8  # fraction bits of 1 / output scale in softmax


@dataclass(frozen=True, eq=False)
class Scaling:
    """Factors applied to int32 accumulators: multiplier int32 [n], shift uint8 [n] in 1..62."""

    multiplier: NDArray[np.int32]
    shift: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class ConvConstants:
    """Integer constants of a convolution; the input's zero point is folded into the bias."""

    bias: NDArray[np.int32]
    scaling: Scaling
    input_zero: int
    output_zero: int
    clamp: Clamp


@dataclass(frozen=True)
class SumConstants:
    """q = clamp((sum of multipliers[i] * q_i + offset) >> shift), all in int32.

    Zero points and the rounding are folded into the offset.
    """

    multipliers: tuple[int, ...]
    offset: int
    shift: int
    clamp: Clamp


@dataclass(frozen=True, eq=False)
class PoolConstants:
    """q = clamp(output_zero + requantize(sum of (q - input_zero), scaling[n - 1])).

    n is the number of pixels averaged; `scaling` has one entry per n that can occur, or a
    single one that holds for every pixel.
    """

    scaling: Scaling
    input_zero: int
    output_zero: int
    clamp: Clamp


@dataclass(frozen=True, eq=False)
class SoftmaxConstants:
    """q_i = clamp(output_zero + (2 * e_i * inverse_scale + total) // (2 * total), -128, 127).

    e_i = exp_table[m - q_i] with m the largest input of the pixel, and
    total = (sum of all e_i) << SCALE_BITS; all in uint64: a division rounded once, half up.

    exp_table: uint32 [256], exp(-d * input scale) in EXP_BITS fraction bits.
    inverse_scale: 1 / output scale in SCALE_BITS fraction bits.
    """

    exp_table: NDArray[np.uint32]
    inverse_scale: int
    output_zero: int


def quantize_factor(factor: float) -> tuple[int, int]:
    """A real factor as (multiplier, shift), multiplier < 2**31, shift in 1..62.

    Raises ValueError for a factor that is negative, no number or beyond LARGEST_MULTIPLIER.
    """
    if not 0 <= factor <= LARGEST_MULTIPLIER:
        raise ValueError(f"factor {factor!r} cannot be represented")
    if factor < SMALLEST_MULTIPLIER:
        return 0, 1
    fraction, exponent = math.frexp(factor)
    multiplier, shift = round(fraction * 2**31), 31 - exponent
    if multiplier == 2**31:
        multiplier, shift = 2**30, shift - 1
    return multiplier, shift


def quantize_factors(factors: NDArray[np.float64]) -> Scaling:
    """`quantize_factor` for each element of a vector."""
    pairs = [quantize_factor(float(f)) for f in factors]
    return Scaling(
        np.array([m for m, _ in pairs], dtype=np.int32),
        np.array([s for _, s in pairs], dtype=np.uint8),
    )


def requantize(
    acc: NDArray[np.int64],
    multiplier: NDArray[np.int32],
    shift: NDArray[np.uint8],
    zero_point: int,
    clamp: Clamp,
) -> NDArray[np.int8]:
    """int32-ranged accumulators [..., n] to int8, with one (multiplier, shift) per last axis."""
    wide_shift = shift.astype(np.int64)
    rounding = np.left_shift(np.int64(1), wide_shift - 1)
    scaled = np.right_shift(acc * multiplier.astype(np.int64) + rounding, wide_shift)
    clamped: NDArray[np.int64] = np.clip(scaled + zero_point, clamp.low, clamp.high)
    return clamped.astype(np.int8)


def conv_constants(model: Model, op: Conv) -> ConvConstants:
    """Bias, multipliers and zero points of a convolution.

    Raises ModelError where an int32 accumulator could overflow or a scale is absurd.
    """
    source, target = model.tensors[op.input], model.tensors[op.output]
    factors = source.quantization.scale * op.weight_scale / target.quantization.scale
    scaling = _scaling_of(op.node, factors)
    taps = op.weights.reshape(len(op.weights), -1).astype(np.int64)
    bias = op.bias - source.quantization.zero_point * taps.sum(axis=1)
    bias = np.where(scaling.multiplier == 0, 0, bias)  # whatever it is, it counts for nothing
    reach = np.abs(bias) + 128 * np.abs(taps).sum(axis=1)
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
        bias.astype(np.int32),
        scaling,
        source.quantization.zero_point,
        target.quantization.zero_point,
        op.clamp,
    )


def sum_constants(
    node: str, inputs: tuple[Quantization, ...], output: Quantization, clamp: Clamp
) -> SumConstants:
    """Constants of a sum of rescaled tensors, as precise as int32 arithmetic allows.

    The largest shift is taken for which no partial sum leaves int32, whatever the inputs.
    """
    factors = [q.scale / output.scale for q in inputs]
    for shift in range(30, 0, -1):
        multipliers = [round(f * 2**shift) for f in factors]
        offset = (output.zero_point << shift) + (1 << (shift - 1))
        offset -= sum(m * q.zero_point for m, q in zip(multipliers, inputs, strict=True))
        if abs(offset) + 128 * sum(multipliers) <= INT32_MAX:
            return SumConstants(tuple(multipliers), offset, shift, clamp)
    raise ModelError(_absurd_scale(node, max(factors)))


def add_constants(model: Model, op: Add) -> SumConstants:
    """Constants of a residual addition."""
    return sum_constants(op.node, _quantizations(model, op.inputs), _output(model, op), op.clamp)


def requantize_constants(model: Model, op: Requantize | MaxPool) -> SumConstants:
    """Constants of a change of scale; the identity is exact."""
    return sum_constants(op.node, _quantizations(model, op.inputs), _output(model, op), op.clamp)


def concat_constants(model: Model, op: Concat, index: int) -> SumConstants:
    """Constants that bring the input `index` of a concatenation to the output's scale."""
    source = _quantizations(model, (op.inputs[index],))
    return sum_constants(op.node, source, _output(model, op), op.clamp)


def pool_constants(model: Model, op: AveragePool | GlobalAveragePool) -> PoolConstants:
    """Constants of an average: one factor, or one per pixel count where padding is left out.

    Raises ModelError where an int32 sum could overflow or a scale is absurd.
    """
    source, target = model.tensors[op.input], model.tensors[op.output]
    ratio = source.quantization.scale / target.quantization.scale
    if isinstance(op, GlobalAveragePool):
        counts = [source.height * source.width]
    else:
        area = op.geometry.kernel_h * op.geometry.kernel_w
        partial = reads_padding(model, op) and not op.count_include_pad
        counts = list(range(1, area + 1)) if partial else [area]
    if 255 * counts[-1] > INT32_MAX:
        what = f"the 32-bit sum of {counts[-1]} pixels can overflow"
        raise ModelError(Problem(op.node, what, "use a smaller input or kernel", type(op).__name__))
    return PoolConstants(
        _scaling_of(op.node, ratio / np.array(counts, dtype=np.float64)),
        source.quantization.zero_point,
        target.quantization.zero_point,
        op.clamp,
    )


def softmax_constants(model: Model, op: Softmax) -> SoftmaxConstants:
    """Table and scale of an integer softmax."""
    source, target = model.tensors[op.input], model.tensors[op.output]
    distances = np.arange(256, dtype=np.float64)
    table = np.rint(np.exp(-distances * source.quantization.scale) * 2**EXP_BITS)
    inverse = round(2**SCALE_BITS / target.quantization.scale)
    if not 0 < inverse < 2**24:
        raise ModelError(_absurd_scale(op.node, 1 / target.quantization.scale))
    return SoftmaxConstants(table.astype(np.uint32), inverse, target.quantization.zero_point)


def reads_padding(model: Model, op: Conv | MaxPool | AveragePool) -> bool:
    """Whether an output pixel may read outside the input, be it declared or implied by the size."""
    g, source, target = op.geometry, model.tensors[op.input], model.tensors[op.output]
    last_row = (target.height - 1) * g.stride_h - g.pad_top + g.extent_h
    last_column = (target.width - 1) * g.stride_w - g.pad_left + g.extent_w
    return g.padded or last_row > source.height or last_column > source.width


def check(model: Model) -> tuple[Problem, ...]:
    """Every op whose constants do not exist, each with its reason."""
    problems: list[Problem] = []
    for op in model.ops:
        try:
            _constants_of(model, op)
        except ModelError as error:
            problems.extend(error.problems)
    return tuple(problems)


def _constants_of(model: Model, op: Op) -> object:
    match op:
        case Conv():
            return conv_constants(model, op)
        case AveragePool() | GlobalAveragePool():
            return pool_constants(model, op)
        case Add():
            return add_constants(model, op)
        case Requantize() | MaxPool():
            return requantize_constants(model, op)
        case Softmax():
            return softmax_constants(model, op)
        case Concat():
            return [concat_constants(model, op, i) for i in range(len(op.inputs))]
        case Reshape():
            return None


def _quantizations(model: Model, tensors: tuple[int, ...]) -> tuple[Quantization, ...]:
    return tuple(model.tensors[t].quantization for t in tensors)


def _output(model: Model, op: Add | Requantize | MaxPool | Concat) -> Quantization:
    return model.tensors[op.output].quantization


def _scaling_of(node: str, factors: NDArray[np.float64]) -> Scaling:
    try:
        return quantize_factors(factors)
    except ValueError:
        raise ModelError(_absurd_scale(node, float(np.max(factors)))) from None


def _absurd_scale(node: str, factor: float) -> Problem:
    return Problem(
        node,
        f"its scales ask for a factor of {factor:.3g} between input and output",
        "quantize the model again; a scale is wrong",
    )
