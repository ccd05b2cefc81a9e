"""Weights as the kernels for Armv7E-M want them: pure functions from constants to words.

Every function returns None where a precondition of its kernel does not hold; the op then runs
with the portable kernel. See src/armv7e-m/ of the engine for the layouts.

An accumulator becomes an output by one instruction for the upper half of a 64-bit product and one
shift (SMMLA, ASR):

    (c + (acc * scale * m >> 32)) >> s      with  c = (zero << s) + (1 << (s - 1))

That equals `requantize` exactly where 1 <= s, since adding whole multiples of 2**32 before or
after the upper half is taken is the same; where ties are not rounded to even; where acc * scale
fits in 32 bits; and where the sum does not leave int32. `_requantizer` checks this for all
accumulators that a channel can reach.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import TO_EVEN, Geometry
from msfcnn.isa.kernel import Words
from msfcnn.ops import ConvConstants

BLOCK = 4  # outputs
BLOCK_EXTRA = 16  # words of a block beside its weights
PAIR_SCALE = 256  # what the upper of two weights in a halfword is multiplied by
PAIR_TAPS = 256  # with more, pixels can be computed one by one: scratch stays below 1.5 KB
WHOLE_COLUMNS = 2  # MSFCNN_V7EM_COLUMNS of the engine
LARGEST_TURNED = 7  # MSFCNN_V7EM_ROWS of the engine
LARGEST_SCALE = 8  # as a power of two: what int8 weights in int16 leave room for
_INT32 = 2**31


@dataclass(frozen=True, eq=False)
class PackedConv:
    """Blocks of four outputs for msfcnn_pointwise_v7em and msfcnn_conv_v7em.

    taps: of an output, rounded up to a multiple of 4. A block has taps + 16 words.
    """

    words: Words
    taps: int


@dataclass(frozen=True, eq=False)
class PackedDepthwise:
    """Constants of all channels behind each other for msfcnn_depthwise_v7em."""

    words: Words
    words_per_channel: int


@dataclass(frozen=True)
class _Requantizer:
    """(offset + (acc * scale * multiplier >> 32)) >> shift, in which acc * scale is in int32."""

    multiplier: int
    offset: int
    shift: int


def pack_conv(
    weights: NDArray[np.int8], k: ConvConstants, gathered: bool = True
) -> PackedConv | None:
    """Packs a convolution without groups (pointwise and dense included).

    weights:  int8 [out, kernel lines, kernel pixels, in], oriented like the stage's lines.
    gathered: whether they are for msfcnn_conv_v7em.
    """
    flat = _ordered(weights) if gathered else weights.reshape(len(weights), -1)
    if flat.shape[1] > 4 * ((2**16 - 1) // 4):
        return None
    blocks = [_block(flat.astype(np.int64), k, first) for first in range(0, len(flat), BLOCK)]
    words = [block for block in blocks if block is not None]
    if len(words) < len(blocks):
        return None
    return PackedConv(np.concatenate(words), _padded(flat.shape[1]))


def whole_columns(g: Geometry) -> int:
    """Of msfcnn_conv_v7em: added to its words where it reads columns of a whole tensor as rows."""
    square = (g.kernel_h, g.dilation_h, g.dilation_w) == (g.kernel_w, 1, 1)
    return WHOLE_COLUMNS if square and g.kernel_h <= LARGEST_TURNED else 0


def conv_scratch(packed: PackedConv, line_taps: int, pairs: bool) -> int:
    """Bytes of scratch of msfcnn_conv_v7em.

    line_taps: kernel pixels * input channels. pairs: whether two pixels are computed together.
    """
    if pairs:
        return 6 * packed.taps
    # they are put in order where those of a kernel line are no multiple of four
    return packed.taps if line_taps % 4 == 0 else 2 * packed.taps


def pointwise_scratch(packed: PackedConv, inputs: int, pairs: bool) -> int:
    """Bytes of scratch of msfcnn_pointwise_v7em, likewise."""
    patch = packed.taps if inputs % 4 else 0
    return 4 * packed.taps + 2 * patch if pairs else patch


def _ordered(weights: NDArray[np.int8]) -> NDArray[np.int8]:
    """Weights [out, taps] in the order in which msfcnn_conv_v7em expands taps.

    Of each kernel line as many as are a multiple of four, then what is left of each of them, with
    zeros behind. Four of the latter are expanded as 0 1, 2 3.
    """
    lines = weights.reshape(len(weights), weights.shape[1], -1)
    whole = lines.shape[2] // 4 * 4
    fours = lines[..., :whole].reshape(len(weights), -1)
    rest = lines[..., whole:].reshape(len(weights), -1)
    room = _padded(rest.shape[1]) - rest.shape[1]
    rest = np.pad(rest, ((0, 0), (0, room))).reshape(len(weights), -1, 4)[..., [0, 2, 1, 3]]
    return np.concatenate([fours, rest.reshape(len(weights), -1)], axis=1)


def _padded(taps: int) -> int:
    return -(-taps // 4) * 4


def _block(flat: NDArray[np.int64], k: ConvConstants, first: int) -> Words | None:
    """A block of four outputs; those beyond the last are zero."""
    taps = _padded(flat.shape[1])
    w = np.zeros((BLOCK, taps), dtype=np.int64)
    bias = [0] * BLOCK
    requantizers = [_Requantizer(0, 0, 1)] * BLOCK
    for i, channel in enumerate(range(first, min(first + BLOCK, len(flat)))):
        scale = PAIR_SCALE if i % 2 == 0 else 1
        found = _requantizer(flat[channel], k, channel, scale)
        if found is None:
            return None
        requantizers[i] = found
        if found.multiplier:  # else the output is constant
            w[i, : flat.shape[1]] = flat[channel]
            bias[i] = int(k.bias[channel])
    halfwords = PAIR_SCALE * w[0::2] + w[1::2]  # [2, taps]
    if halfwords.min() < -(2**15):
        return None
    # four taps are expanded as 0 2, 1 3
    pairs = halfwords.reshape(2, -1, 2, 2).transpose(1, 3, 0, 2)  # [fours, word, outputs, lane]
    lanes = (pairs & 0xFFFF).reshape(-1, 2)
    sums = [PAIR_SCALE * bias[0] + bias[1], bias[1], PAIR_SCALE * bias[2] + bias[3], bias[3]]
    factors = [v for r in requantizers for v in (r.multiplier, r.offset)]
    return np.concatenate(
        [
            _words(sums),
            (lanes[:, 0] | lanes[:, 1] << 16).astype(np.uint32),
            _words(factors),
            _words([r.shift for r in requantizers]),
        ]
    )


def _words(values: list[int]) -> Words:
    return np.array([v % 2**32 for v in values], dtype=np.uint32)


def _requantizer(
    weights: NDArray[np.int64], k: ConvConstants, channel: int, scale: int
) -> _Requantizer | None:
    """How the sums of a channel, multiplied by `scale`, become outputs; None if they cannot."""
    bias = int(k.bias[channel])
    low = bias + int(np.minimum(-128 * weights, 127 * weights).sum())
    high = bias + int(np.maximum(-128 * weights, 127 * weights).sum())
    multiplier, shift = int(k.scaling.multiplier[channel]), int(k.scaling.shift[channel])
    if shift & TO_EVEN:
        return None
    first, last = (_scaled(acc, multiplier, shift) for acc in (low, high))
    if first == last or _constant(first, last, k):
        value = min(max(first + k.output_zero, -128), 127)
        return _Requantizer(0, value, 0)
    if max(-low, high) * scale >= _INT32:
        return None
    right = shift + (scale.bit_length() - 1) - 32
    if right < 1:
        return None
    offset = (k.output_zero << right) + (1 << (right - 1))
    sums = [offset + (acc * scale * multiplier >> 32) for acc in (low, high)]
    if not all(-_INT32 <= v < _INT32 for v in [offset, *sums]):
        return None
    return _Requantizer(multiplier, offset, right)


def _scaled(acc: int, multiplier: int, shift: int) -> int:
    return (acc * multiplier + (1 << (shift - 1))) >> shift


def _constant(first: int, last: int, k: ConvConstants) -> bool:
    """Whether all outputs from `first` to `last` are clamped to the same."""
    low, high = k.clamp.low - k.output_zero, k.clamp.high - k.output_zero
    return last <= low or first >= high


def pack_depthwise(
    weights: NDArray[np.int8], k: ConvConstants, stride: int, dilation: int
) -> PackedDepthwise | None:
    """Packs a depthwise convolution, one output per input channel, whose lines are planar.

    weights: int8 [channels, kernel lines, kernel pixels, 1], oriented like the stage's lines.
    stride, dilation: along a line.
    """
    lines, pixels = weights.shape[1:3]
    if stride > 2 or dilation > 1 or not (pixels in (5, 7) or lines == pixels == 3):
        return None
    channels = [_plane(weights[c, :, :, 0].astype(np.int64), k, c) for c in range(len(weights))]
    words = [channel for channel in channels if channel is not None]
    if len(words) < len(channels):
        return None
    return PackedDepthwise(np.concatenate(words), len(words[0]))


def depthwise_scratch(kernel_lines: int, kernel_pixels: int, stride: int, planar: bool) -> int:
    """Bytes of scratch: the taps of 16 pixels of a channel, or of four if lines are interleaved.

    With them come four words a kernel line.
    """
    patch = kernel_lines * (15 * stride + kernel_pixels)
    if not planar:
        return 4 * patch + 16 * kernel_lines
    return patch if kernel_pixels == 3 else patch + 16 * kernel_lines


def _plane(w: NDArray[np.int64], k: ConvConstants, channel: int) -> Words | None:
    """A channel: w [kernel lines, kernel pixels]. Tries the smallest scale first."""
    for power in range(LARGEST_SCALE + 1):
        found = _requantizer(w.ravel(), k, channel, 1 << power)
        if found is not None:
            break
    else:
        return None
    scaled = w << power if found.multiplier else np.zeros_like(w)
    bias = int(k.bias[channel]) << power if found.multiplier else 0
    if w.shape[1] == 3:
        outer = [_pair(line[0], line[2]) for line in scaled]
        middle = [_pair(scaled[0, 1], scaled[1, 1]), _pair(found.shift, scaled[2, 1])]
        order = [bias, outer[0], middle[0], outer[1], outer[2], middle[1]]
        return _words([*order, found.multiplier, found.offset])
    taps = [word for line in scaled for word in _line(line)]
    return _words([bias, *taps, found.multiplier, found.offset, found.shift])


def _line(w: NDArray[np.int64]) -> list[int]:
    """A kernel line of five or seven weights."""
    head = [_pair(w[0], w[2]), _pair(w[1], w[3])]
    return [*head, _pair(w[4], 0)] if len(w) == 5 else [_pair(w[5], 0), *head, _pair(w[4], w[6])]


def _pair(low: int, high: int) -> int:
    return (int(low) & 0xFFFF) | (int(high) & 0xFFFF) << 16
