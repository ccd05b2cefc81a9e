"""Sums of rescaled tensors: the arithmetic of Add, Requantize, Concat and of pools' outputs.

Unlike the 64-bit product of a convolution (msfcnn.ir.numerics) all of it stays in int32: these
kernels do one multiplication or two for each element, so the width of a product is what they cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from msfcnn.errors import ModelError
from msfcnn.ir import (
    INT32_MAX,
    TO_EVEN,
    Clamp,
    CStruct,
    Quantization,
    Values,
    absurd_scale,
    clamped,
)

ODD_ZERO = 0x40  # marks a shift with TO_EVEN: the zero point is odd, so even steps are odd values
ROUND_FACTOR = 32  # factors of at most five significant bits make ties often, see to_even


@dataclass(frozen=True)
class SumConstants:
    """q = clamp((sum of multipliers[i] * q_i + offset) >> shift), all in int32.

    Zero points and the rounding are folded into the offset. multipliers: one for each input, in
    the order of the op's inputs; negative for one that is subtracted. shift: 1 to 30.
    even: ties go to an even number of steps from the zero point, not up; the offset is one less
    then. odd: the zero point is odd, so an even number of steps is an odd value.
    """

    multipliers: tuple[int, ...]
    offset: int
    shift: int
    clamp: Clamp
    even: bool = False
    odd: bool = False


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
            return SumConstants(
                multipliers=tuple(multipliers), offset=offset, shift=shift, clamp=clamp
            )
    raise ModelError(absurd_scale(node, max(map(abs, factors))))


def ties_to_even(k: SumConstants, output: Quantization) -> SumConstants:
    """Marks round factors with which a sum lies exactly between two outputs.

    As msfcnn.ir.to_even does for products of 64 bits: other factors have ties by chance at most.
    """
    largest, bits = max(map(abs, k.multipliers)), 0
    for multiplier in k.multipliers:
        bits |= multiplier
    twos = bits & -bits  # the largest power of two that divides all factors
    if 0 < largest < ROUND_FACTOR * twos and twos <= 1 << (k.shift - 1):
        return replace(k, offset=k.offset - 1, even=True, odd=output.zero_point % 2 == 1)
    return k


def weighted_sum(k: SumConstants, inputs: Sequence[Values]) -> Values:
    """(sum of multipliers * inputs + offset) >> shift, clamped; int8, of the inputs' shape.

    In int64 here, which gives the same: `sum_constants` has ruled out that int32 overflows.
    """
    acc = np.full(inputs[0].shape, k.offset, dtype=np.int64)
    for multiplier, x in zip(k.multipliers, inputs, strict=True):
        acc += multiplier * x.astype(np.int64)
    return clamped(shifted(acc, k.shift, k.odd, int(k.even)), k.clamp)


def shifted(acc: NDArray[np.int64], shift: int, odd: bool, gap: int) -> NDArray[np.int64]:
    """acc >> shift; the gap is added before where the result would be an odd number of steps.

    odd: the zero point is odd. gap: so much more makes all ties go up that go down without; 0 to
    leave them as they are.
    """
    found: NDArray[np.int64] = (acc + (((acc >> shift) ^ odd) & 1) * gap) >> shift
    return found


def flagged(shift: int, even: bool, odd: bool) -> int:
    """A shift as kernels read it."""
    return shift | (TO_EVEN * even) | (ODD_ZERO * odd)


def sum_struct(k: SumConstants, multipliers: tuple[int, ...] | None = None) -> CStruct:
    """What the kernels read; multipliers: in the order in which they read their inputs."""
    factors = k.multipliers if multipliers is None else multipliers
    # the struct has room for two; a single input leaves the second one 0
    padded = (*factors, 0)[:2]
    shift = flagged(k.shift, k.even, k.odd)
    return CStruct("msfcnn_sum_t", {"multiplier": padded, "offset": k.offset, "shift": shift})
