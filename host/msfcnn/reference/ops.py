"""The arithmetic of each op on int8 batches [n, H, W, C], with constants from `numerics`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import AveragePool, Clamp, Conv, Geometry, MaxPool
from msfcnn.numerics import (
    SCALE_BITS,
    ConvConstants,
    PoolConstants,
    SoftmaxConstants,
    SumConstants,
    requantize,
)

Values = NDArray[np.int8]
Shape = tuple[int, int, int]

SLICE_BYTES = 100_000_000  # of float64 patches that a convolution builds at a time


def conv(op: Conv, k: ConvConstants, x: Values, target: Shape) -> Values:
    """Convolution of any grouping: acc = bias + sum over all taps of weight * input.

    Padded taps read the input's zero point, so that the zero point folded into the bias holds at
    the border too.
    """
    padded = _pad(op.geometry, x, target, k.input_zero)
    outputs = [_conv_image(op, image, target) for image in padded]
    acc = np.stack(outputs) + k.bias.astype(np.int64)
    return requantize(acc, k.scaling.multiplier, k.scaling.shift, k.output_zero, k.clamp)


def max_pool(op: MaxPool, k: SumConstants, x: Values, target: Shape) -> Values:
    """Maximum under the kernel, then the change of scale; padding is -128 and never wins."""
    padded = _pad(op.geometry, x, target, -128)
    return weighted_sum(k, [reduce(np.maximum, _taps(op.geometry, padded, target))])


def average_pool(op: AveragePool, k: PoolConstants, x: Values, target: Shape) -> Values:
    """Mean under the kernel: one factor, or one per number of pixels inside the input."""
    padded = _pad(op.geometry, x, target, k.input_zero)
    acc = np.zeros((len(x), *target), dtype=np.int64)
    for tap in _taps(op.geometry, padded, target):
        acc += tap.astype(np.int64) - k.input_zero
    multiplier, shift = k.scaling.multiplier, k.scaling.shift
    if len(multiplier) > 1:
        index = np.maximum(_pixels_inside(op.geometry, x.shape[1:3], target), 1) - 1
        multiplier, shift = multiplier[index], shift[index]
    return requantize(acc, multiplier, shift, k.output_zero, k.clamp)


def global_average(k: PoolConstants, x: Values) -> Values:
    """Mean over all pixels."""
    acc = (x.astype(np.int64) - k.input_zero).sum(axis=(1, 2), keepdims=True)
    return requantize(acc, k.scaling.multiplier, k.scaling.shift, k.output_zero, k.clamp)


def weighted_sum(k: SumConstants, inputs: Sequence[Values]) -> Values:
    """(sum of multipliers * inputs + offset) >> shift, clamped."""
    acc = np.full(inputs[0].shape, k.offset, dtype=np.int64)
    for multiplier, x in zip(k.multipliers, inputs, strict=True):
        acc += multiplier * x.astype(np.int64)
    return _clamped(acc >> k.shift, k.clamp)


def softmax(k: SoftmaxConstants, x: Values) -> Values:
    """Softmax over the channels of each pixel, by the formula of SoftmaxConstants."""
    wide = x.astype(np.int64)
    powers = k.exp_table.astype(np.int64)[wide.max(axis=3, keepdims=True) - wide]
    total = powers.sum(axis=3, keepdims=True) << SCALE_BITS
    rounded = (2 * powers * k.inverse_scale + total) // (2 * total)
    return _clamped(rounded + k.output_zero, Clamp())


def _clamped(values: NDArray[np.int64], clamp: Clamp) -> Values:
    bounded: NDArray[np.int64] = np.clip(values, clamp.low, clamp.high)
    return bounded.astype(np.int8)


def _pad(g: Geometry, x: Values, target: Shape, value: int) -> Values:
    """Padding to exactly what the output's pixels read, whatever the bottom padding says."""
    bottom = (target[0] - 1) * g.stride_h + g.extent_h - g.pad_top - x.shape[1]
    right = (target[1] - 1) * g.stride_w + g.extent_w - g.pad_left - x.shape[2]
    edges = ((0, 0), (g.pad_top, max(0, bottom)), (g.pad_left, max(0, right)), (0, 0))
    return np.pad(x, edges, constant_values=value)


def _taps(g: Geometry, padded: Values, target: Shape) -> Iterator[Values]:
    """For each tap of the kernel the input pixel it reads at every output pixel."""
    for i in range(g.kernel_h):
        for j in range(g.kernel_w):
            y, x = i * g.dilation_h, j * g.dilation_w
            yield padded[
                :,
                y : y + (target[0] - 1) * g.stride_h + 1 : g.stride_h,
                x : x + (target[1] - 1) * g.stride_w + 1 : g.stride_w,
            ]


def _pixels_inside(g: Geometry, extent: tuple[int, ...], target: Shape) -> NDArray[np.int64]:
    """How many taps of each output pixel are no padding, [1, h, w, 1]; extent: of the input."""
    ones = _pad(g, np.ones((1, *extent, 1), dtype=np.int8), target, 0)
    return reduce(np.add, (tap.astype(np.int64) for tap in _taps(g, ones, target)))


def _conv_image(op: Conv, image: Values, target: Shape) -> NDArray[np.int64]:
    """Sums of weights times inputs, [h, w, cout], of one padded image [H, W, C]."""
    if op.depthwise:
        return _depthwise(op, image, target)
    rows = max(1, SLICE_BYTES // max(1, target[1] * op.weights[0].size * op.groups * 8))
    g = op.geometry
    parts = []
    for first in range(0, target[0], rows):
        count = min(rows, target[0] - first)
        strip = image[first * g.stride_h : (first + count - 1) * g.stride_h + g.extent_h]
        parts.append(_grouped(op, strip, (count, *target[1:])))
    return np.concatenate(parts)


def _depthwise(op: Conv, image: Values, target: Shape) -> NDArray[np.int64]:
    """Tap by tap; each input channel serves as many output channels as the depth multiplier."""
    multiplier = len(op.weights) // op.groups
    acc = np.zeros(target, dtype=np.int64)
    taps = op.weights[..., 0].reshape(len(op.weights), -1).T.astype(np.int64)
    for tap, weights in zip(_taps(op.geometry, image[None], target), taps, strict=True):
        acc += np.repeat(tap[0].astype(np.int64), multiplier, axis=2) * weights
    return acc


def _grouped(op: Conv, image: Values, target: Shape) -> NDArray[np.int64]:
    """Patches times weights in float64: exact, for the sums stay far below 2**53."""
    taps = [tap[0] for tap in _taps(op.geometry, image[None], target)]
    patches = np.stack(taps, axis=2).astype(np.float64)  # [H, W, tap, C]
    depth, outputs = op.weights.shape[3], len(op.weights) // op.groups
    parts = []
    for group in range(op.groups):
        x = patches[..., group * depth : (group + 1) * depth].reshape(*target[:2], -1)
        w = op.weights[group * outputs : (group + 1) * outputs].reshape(outputs, -1)
        parts.append(x @ w.T.astype(np.float64))
    return np.concatenate(parts, axis=2).astype(np.int64)
