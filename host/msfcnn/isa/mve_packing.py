"""Weights as the kernels with Helium want them: pure functions from constants to words.

Every function returns None where a precondition of its kernel does not hold; the op then runs
with the portable kernel. See src/armv8.1-m.mve/ of the engine for the layouts.

An accumulator becomes an output by a doubling multiplication that keeps the upper half, and a shift
that rounds (VQDMULH, VRSHL):

    zero + ((acc * m >> 31) + (1 << (r - 1)) >> r)      with  r = shift - 31

That equals `requantize` for every int32 accumulator where 1 <= r: what the first shift drops is
less than one of what the second one sees, and its half is added as a whole. Ties that are rounded
to even are left to the portable kernels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import TO_EVEN
from msfcnn.isa.kernel import Words
from msfcnn.ops import ConvConstants

BLOCK = 4  # outputs of a dot product's block
BLOCK_EXTRA = 9  # words of a block beside its weights
LANES = 16  # bytes of a vector
PATCHES = 256  # bytes of taps that a convolution gathers at a time
MOST_TAPS = 2**16 - 1
_DROPPED = 31  # places of a product that VQDMULH drops
_INT16 = 2**15
_T = TypeVar("_T", bound=np.generic)
# the channels of the sums that products of bytes widen to
_ORDER = np.concatenate([np.arange(first, LANES, 4) for first in (0, 2, 1, 3)])


@dataclass(frozen=True, eq=False)
class PackedWords:
    """Blocks of four outputs for msfcnn_pointwise_mve and msfcnn_conv_mve.

    taps: of an output. A block has taps + 9 words.
    """

    words: Words
    taps: int


@dataclass(frozen=True, eq=False)
class _Requantizers:
    """Bias and multiplier, int32 [n], and shift, int8 [n] and negative, of some channels."""

    bias: NDArray[np.int32]
    multiplier: NDArray[np.int32]
    shift: NDArray[np.int8]

    def of(self, channels: NDArray[np.intp]) -> Sequence[NDArray[np.uint8]]:
        """Their bytes, in this order of channels; there are none beyond the last."""
        return [_bytes(_padded(v, channels)) for v in (self.bias, self.multiplier, self.shift)]


def pack_conv(weights: NDArray[np.int8], k: ConvConstants) -> PackedWords | None:
    """Packs a convolution without groups (pointwise and dense included).

    weights: int8 [out, kernel lines, kernel pixels, in], oriented like the stage's lines.
    """
    flat = weights.reshape(len(weights), -1)
    found = _requantizers(k)
    if found is None or flat.shape[1] > MOST_TAPS:
        return None
    blocks = [_block(flat, found, first) for first in range(0, len(flat), BLOCK)]
    return PackedWords(np.concatenate(blocks), flat.shape[1])


def pack_depthwise(weights: NDArray[np.int8], k: ConvConstants) -> Words | None:
    """Packs a depthwise convolution, one output per input channel: 16 channels after the other.

    weights: int8 [channels, kernel lines, kernel pixels, 1], oriented like the stage's lines.
    """
    flat = weights.reshape(len(weights), -1)
    found = _requantizers(k)
    if found is None or flat.shape[1] > MOST_TAPS or not _pairs_fit(flat.astype(np.int64)):
        return None
    return np.concatenate([_lanes(flat, found, first) for first in range(0, len(flat), LANES)])


def conv_scratch(packed: PackedWords) -> int:
    """Bytes of scratch of msfcnn_conv_mve: the taps of 2 to 8 pixels."""
    return packed.taps * min(max(PATCHES // packed.taps // 2 * 2, 2), 8)


def depthwise_scratch(taps: int) -> int:
    """Bytes of scratch of msfcnn_depthwise_mve: a table of taps, and 16 bytes of padding."""
    return LANES + 8 * taps


def _requantizers(k: ConvConstants) -> _Requantizers | None:
    """Multipliers and shifts as the vector kernels take them; None where they are not exact."""
    multiplier, shift = k.scaling.multiplier, k.scaling.shift.astype(np.int64)
    dead = multiplier == 0
    right = np.where(dead, 1, shift - _DROPPED)
    if (~dead & ((shift & TO_EVEN) > 0)).any() or (right < 1).any():
        return None
    return _Requantizers(k.bias, multiplier, (-right).astype(np.int8))


def _pairs_fit(taps: NDArray[np.int64]) -> bool:
    """Whether the products of two neighbours [channels, taps] always fit in 16 bits."""
    pairs = taps[:, : taps.shape[1] // 2 * 2].reshape(len(taps), -1, 2)
    highest = np.maximum(-128 * pairs, 127 * pairs).sum(axis=-1)
    lowest = np.minimum(-128 * pairs, 127 * pairs).sum(axis=-1)
    return bool((highest < _INT16).all() and (lowest >= -_INT16).all())


def _block(flat: NDArray[np.int8], found: _Requantizers, first: int) -> Words:
    """Four outputs: their first 1 to 16 taps, then 16 at a time; those beyond the last are zero."""
    channels = np.arange(first, first + BLOCK)
    w = _padded(flat, channels)
    head = (flat.shape[1] - 1) % LANES + 1
    chunks = w[:, head:].reshape(BLOCK, -1, LANES).transpose(1, 0, 2)
    return _words([w[:, :head].ravel(), chunks.ravel(), *found.of(channels)])


def _lanes(flat: NDArray[np.int8], found: _Requantizers, first: int) -> Words:
    """16 channels; those beyond the last are zero, or the first ones again if that fills lanes."""
    there = np.arange(first, first + LANES)
    if LANES % len(flat) == 0:
        there %= len(flat)
    bias, multiplier, shift = found.of(there[_ORDER])
    weights = _padded(flat, there).T
    return _words([bias, weights.ravel(), multiplier, shift])


def _padded(values: NDArray[_T], channels: NDArray[np.intp]) -> NDArray[_T]:
    """Rows of some channels, zeros where there are none."""
    found = np.zeros((len(channels), *values.shape[1:]), dtype=values.dtype)
    there = channels < len(values)
    found[there] = values[channels[there]]
    return found


def _bytes(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    return np.frombuffer(np.ascontiguousarray(values).tobytes(), dtype=np.uint8)


def _words(parts: Sequence[NDArray[np.generic]]) -> Words:
    """Little-endian words of the bytes of all parts."""
    joined = np.concatenate([_bytes(part) for part in parts])
    return np.frombuffer(joined.tobytes(), dtype="<u4").astype(np.uint32)
