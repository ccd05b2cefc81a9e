"""Sums of rescaled tensors: the arithmetic of Add, Requantize, Concat and of pools' outputs.

Unlike the 64-bit product of a convolution (msfcnn.ir.numerics) all of it stays in int32: these
kernels do one multiplication or two for each element, so the width of a product is what they cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from msfcnn.errors import ModelError
from msfcnn.ir import INT32_MAX, Clamp, CStruct, Quantization, Values, absurd_scale, clamped


@dataclass(frozen=True)
class SumConstants:
    """q = clamp((sum of multipliers[i] * q_i + offset) >> shift), all in int32.

    Zero points and the rounding are folded into the offset. multipliers: one for each input, in
    the order of the op's inputs; negative for one that is subtracted. shift: 1 to 30.
    """

    multipliers: tuple[int, ...]
    offset: int
    shift: int
    clamp: Clamp


def sum_constants(
    node: str,
    inputs: Sequence[Quantization],
    output: Quantization,
    clamp: Clamp,
    signs: Sequence[int] = (1, 1),
) -> SumConstants:
    """Constants of a sum of rescaled tensors, as precise as int32 arithmetic allows.

    signs: of the tensors; -1 for one that is subtracted.
    The largest shift is taken for which no partial sum leaves int32, whatever the inputs. Raises
    ModelError where there is none.
    """
    factors = [sign * q.scale / output.scale for sign, q in zip(signs, inputs, strict=False)]
    # from the most precise on; 128 is the largest magnitude of an int8
    for shift in range(30, 0, -1):
        multipliers = [round(f * 2**shift) for f in factors]
        # half a step more: the shift to the right then rounds to the nearest, ties up
        offset = (output.zero_point << shift) + (1 << (shift - 1))
        offset -= sum(m * q.zero_point for m, q in zip(multipliers, inputs, strict=True))
        if abs(offset) + 128 * sum(map(abs, multipliers)) <= INT32_MAX:
            return SumConstants(tuple(multipliers), offset, shift, clamp)
    raise ModelError(absurd_scale(node, max(map(abs, factors))))


def weighted_sum(k: SumConstants, inputs: Sequence[Values]) -> Values:
    """(sum of multipliers * inputs + offset) >> shift, clamped; int8, of the inputs' shape.

    In int64 here, which gives the same: `sum_constants` has ruled out that int32 overflows.
    """
    acc = np.full(inputs[0].shape, k.offset, dtype=np.int64)
    for multiplier, x in zip(k.multipliers, inputs, strict=True):
        acc += multiplier * x.astype(np.int64)
    return clamped(acc >> k.shift, k.clamp)


def sum_struct(k: SumConstants, multipliers: tuple[int, ...] | None = None) -> CStruct:
    """What the kernels read; multipliers: in the order in which they read their inputs."""
    factors = k.multipliers if multipliers is None else multipliers
    # the struct has room for two; a single input leaves the second one 0
    padded = (*factors, 0)[:2]
    return CStruct("msfcnn_sum_t", {"multiplier": padded, "offset": k.offset, "shift": k.shift})
