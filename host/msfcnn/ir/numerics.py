"""The numbers of int8 inference: the one rounding, and how real factors become integers.

This module is the only definition. The ops build their constants with it, the reference computes
with it, and the C kernels repeat `requantize` bit for bit:

    q = clamp(zero_point + ((acc * multiplier + (1 << (shift - 1))) >> shift))

with a 64-bit product, an arithmetic shift and a single rounding. Where scales are round, as powers
of two are, accumulators can lie exactly between two outputs: then the shift is marked with TO_EVEN
and such ties are rounded to the even neighbour, as ONNX rounds. A factor like 1 / 18, of a mean,
has ties, too, but no multiplier is exact: what is within TIE of one counts as one. Other factors
have none, or rare ones by chance, which are rounded up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msfcnn.errors import ModelError, Problem
from msfcnn.ir.geometry import Clamp

Values = NDArray[np.int8]

INT32_MAX = 2**31 - 1
SMALLEST_MULTIPLIER = 2.0**-31  # a smaller factor turns every int32 into 0
LARGEST_MULTIPLIER = INT32_MAX / 2  # with a shift of 1
TO_EVEN = 0x80  # marks a shift: ties are rounded to the even neighbour, not up
ROUND = 2**26  # divides the multipliers that are marked: at most five significant bits
ROUND_FACTOR = 32  # the same of the numerator of a fraction
EXACT = 1e-14  # relative; of float64 after some operations
TIE = 2**20  # a product this close to a tie is one, where the shift is marked


@dataclass(frozen=True, eq=False)
class Scaling:
    """Factors applied to int32 accumulators: multiplier int32 [n], shift uint8 [n] in 1..62.

    A shift may be marked with TO_EVEN.
    """

    multiplier: NDArray[np.int32]
    shift: NDArray[np.uint8]


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


def scaling_of(node: str, factors: NDArray[np.float64]) -> Scaling:
    """`quantize_factors`; raises ModelError, which names the node, for factors that are absurd."""
    try:
        return quantize_factors(factors)
    except ValueError:
        raise ModelError(absurd_scale(node, float(np.max(factors)))) from None


def to_even(scaling: Scaling, reach: NDArray[np.int64], factors: NDArray[np.float64]) -> Scaling:
    """Marks the round factors with which an accumulator lies exactly between two outputs.

    reach: int64 [n], the largest magnitude of an accumulator. factors: what `scaling` is made of. A
    tie needs as many factors of two in accumulator and multiplier together as the shift has places
    behind the half. Factors that are less round are left alone: by chance a few channels of a large
    network have ties, which is not worth the slower code.
    """
    multiplier = scaling.multiplier.astype(np.int64)
    twos = multiplier & -multiplier  # the largest power of two that divides it
    half = np.left_shift(np.int64(1), scaling.shift.astype(np.int64) - 1)
    ties = (twos >= ROUND) & (twos <= half) & (half <= reach * twos)
    # no multiplier is exact: a product is off by half its accumulator, which must be within TIE
    ties |= fractions_with_ties(factors, reach) & (reach < 2 * TIE)
    return Scaling(scaling.multiplier, np.where(ties, scaling.shift | TO_EVEN, scaling.shift))


def fractions_with_ties(
    factors: NDArray[np.float64], reach: NDArray[np.int64] | int
) -> NDArray[np.bool_]:
    """Which factors are fractions n / 2d with d in reach, so that odd multiples of d are ties.

    n is odd and less than ROUND_FACTOR. Products are multiples of 1 / 2d: what is no tie is at
    least so far away from one, that is the n-th part of a factor.
    """
    found = np.zeros(factors.shape, np.bool_)
    with np.errstate(all="ignore"):  # factors may be 0
        for numerator in range(1, ROUND_FACTOR, 2):
            exact = numerator / 2 / factors
            nearest = np.rint(exact)
            found |= (np.abs(exact - nearest) < EXACT * exact) & (nearest <= reach)
    return found


def requantize(
    acc: NDArray[np.int64],
    multiplier: NDArray[np.int32],
    shift: NDArray[np.uint8],
    zero_point: int,
    clamp: Clamp,
) -> Values:
    """int32-ranged accumulators [..., n] to int8, with one (multiplier, shift) per last axis."""
    product = acc * multiplier.astype(np.int64)
    places = (shift & ~np.uint8(TO_EVEN)).astype(np.int64)
    even = shift // TO_EVEN
    # what is close to a tie goes up, or down if that is odd
    product += np.left_shift(np.int64(1), places - 1) + even.astype(np.int64) * TIE
    product -= (np.right_shift(product, places) & even) * (2 * TIE)
    return clamped(np.right_shift(product, places) + zero_point, clamp)


def clamped(values: NDArray[np.int64], clamp: Clamp) -> Values:
    """Values within the bounds of a clamp, as int8."""
    bounded: NDArray[np.int64] = np.clip(values, clamp.low, clamp.high)
    return bounded.astype(np.int8)


def absurd_scale(node: str, factor: float) -> Problem:
    """The problem of scales that no integer arithmetic can bridge."""
    return Problem(
        node,
        f"its scales ask for a factor of {factor:.3g} between input and output",
        "quantize the model again; a scale is wrong",
    )
