"""Packed constants, executed as Helium does it, give the reference's outputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from msfcnn.ir import INT32_MAX, TO_EVEN, Clamp, Scaling, quantize_factors, requantize
from msfcnn.isa.mve_packing import BLOCK, BLOCK_EXTRA, LANES, pack_conv, pack_depthwise
from msfcnn.ops import ConvConstants


def _constants(rng: np.random.Generator, w: NDArray[np.int8]) -> ConvConstants:
    """Biases to the ends of int32, factors of all sizes that can be packed, and dead channels."""
    reach = 128 * np.abs(w.reshape(len(w), -1).astype(np.int64)).sum(axis=1)
    bias = rng.choice([-1, 1], len(w)) * rng.integers(0, INT32_MAX - reach)
    usual = rng.random(len(w)) < 0.6
    bias = np.where(usual, bias % (reach + 1), bias)
    factors = np.where(usual, 200 / (reach + 1), 2.0 ** rng.uniform(-32, -1.01, len(w)))
    scaling = quantize_factors(np.minimum(factors, 0.49))
    return ConvConstants(bias.astype(np.int32), scaling, 0, int(rng.integers(-128, 128)), Clamp())


def _outputs(
    acc: NDArray[np.int64], multiplier: NDArray[np.int64], shift: NDArray[np.int64], zero: int
) -> NDArray[np.int64]:
    """VQDMULH, VRSHL, VADD, VMAX and VMIN."""
    upper = np.clip(2 * acc * multiplier >> 32, -(2**31), INT32_MAX)
    return np.clip((upper + (1 << (-shift - 1)) >> -shift) + zero, -128, 127)


def _expected(
    acc: NDArray[np.int64], k: ConvConstants, channels: NDArray[np.intp]
) -> NDArray[np.int8]:
    m, s = k.scaling.multiplier[channels], k.scaling.shift[channels]
    return requantize(acc, m, s, k.output_zero, k.clamp)


def _tail(data: bytes, n: int) -> tuple[NDArray[np.int64], ...]:
    """Multipliers and shifts at the end of n outputs' constants."""
    shifts = np.frombuffer(data[-n:], dtype=np.int8)
    return np.frombuffer(data[-5 * n : -n], dtype="<i4").astype(np.int64), shifts.astype(np.int64)


@pytest.mark.parametrize("taps", [1, 8, 15, 16, 17, 27, 48])
@pytest.mark.parametrize("outputs", [1, 4, 10])
def test_blocks_give_the_reference(taps: int, outputs: int) -> None:
    rng = np.random.default_rng([taps, outputs])
    w = rng.integers(-128, 128, (outputs, 1, 1, taps), dtype=np.int8)
    k = _constants(rng, w)
    packed = pack_conv(w, k)
    assert packed is not None
    assert packed.words.size == -(-outputs // BLOCK) * (taps + BLOCK_EXTRA)
    x = np.concatenate([np.full((1, taps), 127), rng.integers(-128, 128, (20, taps))])
    head = (taps - 1) % LANES + 1
    for i, words in enumerate(packed.words.reshape(-1, taps + BLOCK_EXTRA)):
        data = words.astype("<u4").tobytes()
        flat = np.frombuffer(data[: BLOCK * taps], dtype=np.int8).astype(np.int64)
        first = flat[: BLOCK * head].reshape(BLOCK, head)
        chunks = flat[BLOCK * head :].reshape(-1, BLOCK, LANES)
        sums = x[:, :head] @ first.T
        for j, chunk in enumerate(chunks):
            sums += x[:, head + j * LANES : head + (j + 1) * LANES] @ chunk.T
        sums += np.frombuffer(data[BLOCK * taps : BLOCK * (taps + 4)], dtype="<i4")
        n = min(BLOCK, outputs - i * BLOCK)
        found = _outputs(sums, *_tail(data, BLOCK), k.output_zero)[:, :n]
        channels = np.arange(i * BLOCK, i * BLOCK + n)
        acc = x @ w[channels, 0, 0].T.astype(np.int64) + k.bias[channels]
        assert np.array_equal(found, _expected(acc, k, channels))


@pytest.mark.parametrize("channels", [1, 4, 8, 12, 16, 40])
def test_lanes_give_the_reference(channels: int) -> None:
    rng = np.random.default_rng(channels)
    taps = 9
    w = rng.integers(-127, 128, (channels, 3, 3, 1), dtype=np.int8)
    k = _constants(rng, w)
    words = pack_depthwise(w, k)
    assert words is not None
    blocks = words.reshape(-(-channels // LANES), -1)
    for i, block in enumerate(blocks):
        data = block.astype("<u4").tobytes()
        weights = np.frombuffer(data[4 * LANES : (4 + taps) * LANES], dtype=np.int8)
        x = rng.integers(-128, 128, (20, taps, LANES))
        # even and odd bytes, and of the sums every other one
        sums = (x * weights.reshape(taps, LANES)).sum(axis=1)
        order = np.concatenate([np.arange(first, LANES, 4) for first in (0, 2, 1, 3)])
        acc = sums[:, order] + np.frombuffer(data[: 4 * LANES], dtype="<i4")
        found = np.empty_like(sums)
        found[:, order] = _outputs(acc, *_tail(data, LANES), k.output_zero)
        there = np.arange(i * LANES, (i + 1) * LANES)
        if channels < LANES and LANES % channels == 0:
            there %= channels  # several pixels in a vector
        lanes = np.flatnonzero(there < channels)
        there = there[lanes]
        own = (x[:, :, lanes] * w.reshape(channels, taps).T[:, there]).sum(axis=1) + k.bias[there]
        assert np.array_equal(found[:, lanes], _expected(own, k, there))


def test_what_cannot_be_exact_is_left_to_portable_kernels() -> None:
    rng = np.random.default_rng(0)
    w = rng.integers(-127, 128, (4, 3, 3, 1), dtype=np.int8)
    k = _constants(rng, w)
    assert pack_conv(w, k) is not None
    assert pack_depthwise(w, k) is not None
    large = replace(k, scaling=quantize_factors(np.array([0.1, 0.5, 0.1, 0.1])))
    even = replace(k, scaling=Scaling(k.scaling.multiplier, k.scaling.shift | TO_EVEN))
    for wrong in (large, even):
        assert pack_conv(w, wrong) is None
        assert pack_depthwise(w, wrong) is None


@pytest.mark.parametrize(("weights", "fits"), [((-128, -128), False), ((-128, -127), True)])
def test_two_products_must_fit_in_16_bits(weights: tuple[int, int], fits: bool) -> None:
    rng = np.random.default_rng(1)
    w = np.zeros((3, 3, 3, 1), dtype=np.int8)
    w[1].flat[2:4] = weights  # the second pair, which begins in one line and ends in the next
    assert (pack_depthwise(w, _constants(rng, w)) is not None) == fits
