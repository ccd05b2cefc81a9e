"""The NumPy reference of a convolution.

The sums are exact in any order, so this may use matrix products; the rounding behind them is that
of msfcnn.ir.requantize, as everywhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import Shape, Values, requantize
from msfcnn.ops import window
from msfcnn.ops.conv.constants import ConvConstants
from msfcnn.ops.conv.layer import ConvData

SLICE_BYTES = 100_000_000  # of float64 patches that a convolution builds at a time


def conv(op: ConvData, k: ConvConstants, x: Values, target: Shape) -> Values:
    """int8 [n, h, w, cout] for x int8 [n, H, W, cin]: acc = bias + sum of weight * input.

    Padded taps read the input's zero point, so that the zero point folded into the bias holds at
    the border too.
    """
    padded = window.pad(op.geometry, x, target, k.input_zero)
    outputs = [_conv_image(op, image, target) for image in padded]
    acc = np.stack(outputs) + k.bias.astype(np.int64)
    return requantize(acc, k.scaling.multiplier, k.scaling.shift, k.output_zero, k.clamp)


def _conv_image(op: ConvData, image: Values, target: Shape) -> NDArray[np.int64]:
    """Sums of weights times inputs, [h, w, cout], of one padded image [H, W, C].

    Some output rows at a time: patches of a large map at once would take gigabytes.
    """
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


def _depthwise(op: ConvData, image: Values, target: Shape) -> NDArray[np.int64]:
    """Tap by tap; each input channel serves as many output channels as the depth multiplier."""
    multiplier = len(op.weights) // op.groups
    acc = np.zeros(target, dtype=np.int64)
    weights = op.weights[..., 0].reshape(len(op.weights), -1).T.astype(np.int64)
    for tap, w in zip(window.taps(op.geometry, image[None], target), weights, strict=True):
        acc += np.repeat(tap[0].astype(np.int64), multiplier, axis=2) * w
    return acc


def _grouped(op: ConvData, image: Values, target: Shape) -> NDArray[np.int64]:
    """Patches times weights in float64: exact, for the sums stay far below 2**53."""
    taps = [tap[0] for tap in window.taps(op.geometry, image[None], target)]
    patches = np.stack(taps, axis=2).astype(np.float64)  # [H, W, tap, C]
    depth, outputs = op.weights.shape[3], len(op.weights) // op.groups
    parts = []
    for group in range(op.groups):
        x = patches[..., group * depth : (group + 1) * depth].reshape(*target[:2], -1)
        w = op.weights[group * outputs : (group + 1) * outputs].reshape(outputs, -1)
        parts.append(x @ w.T.astype(np.float64))
    return np.concatenate(parts, axis=2).astype(np.int64)
