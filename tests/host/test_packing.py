"""Packed constants, executed as Armv7E-M does it, give the reference's outputs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from msfcnn.ir import INT32_MAX, Clamp, quantize_factors, requantize
from msfcnn.isa.armv7em_packing import BLOCK, BLOCK_EXTRA, pack_conv, pack_depthwise
from msfcnn.ops import ConvConstants


def _int32(value: int) -> int:
    return (value + 2**31) % 2**32 - 2**31


def _int16(value: int) -> int:
    return (value + 2**15) % 2**16 - 2**15


def _int8(value: int) -> int:
    return (value + 2**7) % 2**8 - 2**7


def _halves(word: int) -> tuple[int, int]:
    return _int16(word), _int16(word >> 16)


def _smlad(x: tuple[int, int], w: tuple[int, int], acc: int) -> int:
    return _int32(x[0] * w[0] + x[1] * w[1] + acc)


def _finish(acc: int, multiplier: int, offset: int, shift: int) -> int:
    """SMMLA, ASR, SSAT."""
    upper = _int32(offset + (acc * _int32(multiplier) >> 32))
    return max(-128, min(127, upper >> (shift & 0xFF)))


def _block_outputs(words: list[int], x: list[int]) -> list[int]:
    """What pair.S computes of one pixel, taps a multiple of four."""
    sums = [_int32(w) for w in words[:BLOCK]]
    for step, pair in enumerate(zip(*[iter(words[BLOCK : len(x) + BLOCK])] * 2, strict=True)):
        first = step // 2 * 4 + step % 2
        taps = (x[first], x[first + 2])
        for i, word in enumerate(pair):
            high, low = _halves(word)
            sums[2 * i] = _smlad(taps, (high, low), sums[2 * i])
            lows = (_int8(word), _int8(word >> 16))  # SXTB16
            sums[2 * i + 1] = _smlad(taps, lows, sums[2 * i + 1])
    tail = words[len(x) + BLOCK :]
    offsets = [_int32(v) for v in tail[1:8:2]]
    accs = [_int32(sums[0] - sums[1]), sums[1], _int32(sums[2] - sums[3]), sums[3]]
    return [_finish(a, tail[2 * i], offsets[i], tail[8 + i]) for i, a in enumerate(accs)]


def _constants(rng: np.random.Generator, w: NDArray[np.int64], clamp: Clamp) -> ConvConstants:
    """Biases and factors of every kind, those that packing must refuse included."""
    reach = 128 * np.abs(w).sum(axis=1)
    bias = rng.integers(-(reach // 2) - 1, reach // 2 + 2)
    wild = rng.random(len(w)) < 0.2
    bias = np.where(wild, rng.choice([-1, 1], len(w)) * (INT32_MAX - reach), bias)
    factors = 2.0 ** rng.uniform(-31.5, 3, len(w))
    usual = rng.random(len(w)) < 0.7
    factors = np.where(usual, rng.uniform(20, 400, len(w)) / np.maximum(reach, 256), factors)
    zero = int(rng.integers(-128, 128))
    return ConvConstants(bias.astype(np.int32), quantize_factors(factors), 0, zero, clamp)


def _inputs(rng: np.random.Generator, w: NDArray[np.int64]) -> NDArray[np.int64]:
    """Inputs that drive each output to its ends, and some between."""
    ends = [np.where(w > 0, 127, -128), np.where(w > 0, -128, 127)]
    return np.concatenate([*ends, rng.integers(-128, 128, (20, w.shape[1]))])


def _expected(w: NDArray[np.int64], k: ConvConstants, x: NDArray[np.int64]) -> NDArray[np.int8]:
    acc = x @ w.T + k.bias.astype(np.int64)
    return requantize(acc, k.scaling.multiplier, k.scaling.shift, k.output_zero, k.clamp)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_packed_for_pairs_is_exact(seed: int) -> None:
    rng = np.random.default_rng(seed)
    outputs, taps = int(rng.choice([1, 3, 4, 6])), int(rng.choice([4, 5, 9, 27]))
    packed = None
    while packed is None:
        lowest = int(rng.choice([-128, -127]))
        w = rng.integers(lowest, 128, (outputs, taps))
        clamp = Clamp(*sorted(rng.integers(-128, 128, 2).tolist()))
        k = _constants(rng, w, clamp)
        packed = pack_conv(w.astype(np.int8).reshape(outputs, 1, 1, taps), k, gathered=False)
    words = packed.words.astype(int).tolist()
    size = packed.taps + BLOCK_EXTRA
    assert len(words) == -(-outputs // BLOCK) * size
    x = _inputs(rng, w)
    padded = np.pad(x, ((0, 0), (0, packed.taps - taps)), constant_values=77)
    for pixel, expected in zip(padded.tolist(), _expected(w, k, x).tolist(), strict=True):
        found = [
            max(clamp.low, min(clamp.high, value))
            for first in range(0, len(words), size)
            for value in _block_outputs(words[first : first + size], pixel)
        ]
        assert found[:outputs] == expected


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("size", [3, 5, 7])
def test_what_is_packed_for_planes_is_exact(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    packed = None
    while packed is None:
        w = rng.integers(-128, 128, (2, size * size))
        k = _constants(rng, w, Clamp())
        packed = pack_depthwise(w.astype(np.int8).reshape(2, size, size, 1), k, 1, 1)
    x = _inputs(rng, w)
    for channel, expected in enumerate(_expected(w, k, x).T.tolist()):
        words = packed.words.astype(int).tolist()
        words = words[channel * packed.words_per_channel :][: packed.words_per_channel]
        weights, (multiplier, offset, shift) = _plane(words, size)
        for taps, value in zip(x.tolist(), expected, strict=True):
            acc = _int32(words[0] + sum(a * b for a, b in zip(taps, weights, strict=True)))
            assert _finish(acc, multiplier, _int32(offset), shift) == value


def _plane(words: list[int], size: int) -> tuple[list[int], tuple[int, int, int]]:
    """Weights [lines * pixels] of a packed channel; multiplier, offset and shift."""
    if size == 3:
        outer = [_halves(words[i]) for i in (1, 3, 4)]
        middle = [*_halves(words[2]), _halves(words[5])[1]]
        flat = [v for (a, c), b in zip(outer, middle, strict=True) for v in (a, b, c)]
        return flat, (words[6], words[7], words[5])
    per_line = 3 if size == 5 else 4
    flat = []
    for i in range(size):
        line = [_halves(v) for v in words[1 + i * per_line :][:per_line]]
        if size == 5:
            (a, c), (b, d), (e, _) = line
            flat += [a, b, c, d, e]
        else:
            (f, _), (a, c), (b, d), (e, g) = line
            flat += [a, b, c, d, e, f, g]
    return flat, (words[-3], words[-2], words[-1])


def test_pairs_that_do_not_fit_in_a_halfword_are_refused() -> None:
    k = ConvConstants(
        np.zeros(2, dtype=np.int32), quantize_factors(np.full(2, 2.0**-8)), 0, 0, Clamp()
    )
    w = np.array([[-128] * 4, [-1] * 4], dtype=np.int8).reshape(2, 1, 1, 4)
    assert pack_conv(w, k) is None
    assert pack_conv(w[::-1], k) is not None


def test_sums_beyond_24_bits_are_refused_in_the_upper_half_only() -> None:
    bias = np.array([2**23, 0], dtype=np.int32)
    scaling = quantize_factors(np.full(2, 2.0**-16))  # outputs from 63 on: not constant
    w = np.full((2, 1, 1, 4), 127, dtype=np.int8)
    assert pack_conv(w, ConvConstants(bias, scaling, 0, -64, Clamp())) is None
    assert pack_conv(w, ConvConstants(bias[::-1].copy(), scaling, 0, -64, Clamp())) is not None


def test_a_constant_channel_can_always_be_packed() -> None:
    """Its bias is out of all proportion, its weights are zero: as training leaves dead channels."""
    k = ConvConstants(
        np.array([10**9, 5], dtype=np.int32),
        quantize_factors(np.array([2.0**-24, 2.0**-8])),
        0,
        3,
        Clamp(),
    )
    w = np.array([[0] * 4, [1, 2, 3, 4]], dtype=np.int8).reshape(2, 1, 1, 4)
    packed = pack_conv(w, k)
    assert packed is not None
    x = np.array([[9, -9, 100, 3]])
    found = _block_outputs(packed.words.astype(int).tolist(), x[0].tolist())
    assert found[:2] == _expected(w.reshape(2, 4).astype(np.int64), k, x)[0].tolist()
