"""Weights as the kernels with MAC16 want them: pure functions from constants to words.

Every function returns None where a precondition of its kernel does not hold; the op then runs
with the portable kernel. See src/xtensa.mac16/ of the engine for the layouts.

Inputs are upper bytes of 16 bits, so sums are 256 times the accumulator. With the upper half of a
64-bit product an output is

    (c + (256 * acc * m >> 32)) >> s    with  s = shift - 24  and  c = (2 * zero + 1) << (s - 1)

That equals `requantize` where 1 <= s, as c is a whole multiple of 2**32 before the upper half is
taken; where ties are not rounded to even; where 256 * acc fits in 32 bits for all accumulators
that a channel can reach; and where the sum does not leave int32. Channels that hardly vary, with
large biases and tiny factors, are *wide*:

    zero + ((c + (acc * m >> 32)) >> s)    with  s = shift - 32  and  c = 1 << (s - 1)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import TO_EVEN
from msfcnn.isa.kernel import Words
from msfcnn.ops import ConvConstants

EXTRA = 4  # words of an output beside its weights
WORD = 4  # bytes
MOST_TAPS = 2**16 - 4
_FRACTION = 8  # bits of sums
_REACH = 2 ** (31 - _FRACTION)  # what accumulators stay below
_LARGEST_SHIFT = 22  # of the upper half of a product: c stays below 2**30
_LARGEST_WIDE = 30
_DEAD = 1  # shift of an output whose multiplier is 0
_WIDE = 1 << 31  # mark of a shift, with the zero point from bit 8 on


@dataclass(frozen=True, eq=False)
class PackedOutputs:
    """Blocks of an output each for msfcnn_pointwise_mac16 and msfcnn_conv_mac16.

    taps: of an output, rounded up to a multiple of 4. A block has taps / 2 + 4 words.
    """

    words: Words
    taps: int


def pack_conv(weights: NDArray[np.int8], k: ConvConstants) -> PackedOutputs | None:
    """Packs a convolution without groups (pointwise and dense included).

    weights: int8 [out, kernel lines, kernel pixels, in], oriented like the stage's lines.
    """
    flat = weights.reshape(len(weights), -1).astype(np.int64)
    factors = _factors(flat, k)
    taps = _padded(flat.shape[1])
    if factors is None or taps > MOST_TAPS:
        return None
    w = np.zeros((len(flat), taps), dtype=np.int64)
    w[:, : flat.shape[1]] = flat
    return PackedOutputs(np.concatenate([_lanes(w), factors], axis=1).ravel(), taps)


def conv_scratch(packed: PackedOutputs, taps: int, pointwise: bool) -> int:
    """Bytes of scratch: the taps of a pixel, expanded, a word more, and before that as bytes."""
    expanded = 2 * packed.taps + WORD
    return expanded if pointwise else expanded + _padded(taps)


def _padded(taps: int) -> int:
    return -(-taps // 4) * 4


def _lanes(w: NDArray[np.int64]) -> Words:
    """Words [out, taps / 2]: of each four the taps 1 and 3, then 0 and 2; first the lower half."""
    lanes = w.reshape(len(w), -1, 2, 2).transpose(0, 1, 3, 2)[:, :, ::-1] & 0xFFFF
    words: Words = (lanes[..., 0] | lanes[..., 1] << 16).reshape(len(w), -1).astype(np.uint32)
    return words


def _factors(flat: NDArray[np.int64], k: ConvConstants) -> Words | None:
    """Words [out, 4]: bias, multiplier, shift and what is added; None where they are not exact."""
    multiplier = k.scaling.multiplier.astype(np.int64)
    shift = k.scaling.shift.astype(np.int64)
    bias = k.bias.astype(np.int64)
    dead = multiplier == 0
    plain = np.where(dead, _DEAD, shift - (32 - _FRACTION))
    reach = 128 * np.abs(flat).sum(axis=1) + np.abs(bias)
    short = dead | ((plain >= 1) & (plain <= _LARGEST_SHIFT) & (reach < _REACH))
    wide = (shift > 32) & (shift <= 32 + _LARGEST_WIDE)
    if (~dead & ((shift & TO_EVEN) > 0)).any() or not (short | wide).all():
        return None
    bits = np.where(short, plain, shift - 32)
    half = np.int64(1) << (bits - 1)
    columns = [
        np.where(dead, 0, np.where(short, bias << _FRACTION, bias)),
        multiplier,
        np.where(short, bits, _WIDE | (k.output_zero & 0xFF) << 8 | bits),
        np.where(short, (2 * k.output_zero + 1) * half, half),
    ]
    return (np.stack(columns, axis=1) & 0xFFFFFFFF).astype(np.uint32)
