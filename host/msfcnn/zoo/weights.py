"""Weights that keep a network well conditioned, and the ranges its activations then have.

Layer by layer: draw weights, run calibration images through them, scale and shift every channel
to a drawn mean and spread. This is what batch normalization leaves behind after training, so
that neither dead nor saturated channels make a network easier or harder than a real one.

All in float64: what the order of summation, which depends on the processor, changes is then far
below what a scale stored with `qdq.SCALE_BITS` shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msfcnn.zoo.layers import (
    Activation,
    AddLayer,
    ConvLayer,
    DenseLayer,
    Drawing,
    Layer,
    PoolLayer,
    Shape,
    SoftmaxLayer,
)

Values = NDArray[np.float64]

IMAGES = 8
SCORE_MARGIN = 1.5  # a few images do not show the extremes of the few values behind the pool
OCTAVE_DECAY = 0.75  # of the noise in images, from one scale to the next finer one
SMALLEST_SPREAD = 0.3  # of a channel, in terms of its layer's; less would only amplify noise


@dataclass(frozen=True, eq=False)
class Weights:
    """weights float64 [outputs, inputs of a group, kernel_h, kernel_w], bias float64 [outputs]."""

    weights: Values
    bias: Values


@dataclass(frozen=True, eq=False)
class Trained:
    """Weights of the layers that have some, and (low, high) of every value, zero included."""

    weights: dict[int, Weights]
    ranges: list[tuple[float, float]]


def condition(net: Drawing, seed: int) -> Trained:
    """Seeded weights for a network; images are in [-1, 1]."""
    rng = np.random.default_rng(seed)
    values: list[Values] = [calibration_images(net.image, rng)]
    weights: dict[int, Weights] = {}
    last_use = _last_uses(net.layers)
    ranges = [(-1.0, 1.0)]
    for index, layer in enumerate(net.layers):
        if isinstance(layer, ConvLayer | DenseLayer):
            value, weights[index] = _draw(net, layer, values[layer.source], rng)
        else:
            value = _plain(layer, values)
        values.append(value)
        margin = SCORE_MARGIN if isinstance(layer, DenseLayer) else 1.0
        ranges.append(
            (margin * min(0.0, float(value.min())), margin * max(0.0, float(value.max())))
        )
        for old in [t for t, use in last_use.items() if use == index]:
            values[old] = np.zeros(0)  # a large network would not fit otherwise
    return Trained(weights, ranges)


def calibration_images(shape: Shape, rng: np.random.Generator) -> Values:
    """float64 [n, H, W, C] in [-1, 1]: noise of all scales, the finer the weaker, like photos."""
    height, width, channels = shape
    images = np.zeros((IMAGES, height, width, channels))
    for octave in range(2, 8):
        grid = 2**octave
        rows, columns = (np.linspace(0, min(grid, n) - 1, n) for n in (height, width))
        coarse = rng.normal(0, 1, (IMAGES, min(grid, height), min(grid, width), channels))
        images += _interpolate(_interpolate(coarse, rows, 1), columns, 2) * OCTAVE_DECAY**octave
    bounded: Values = np.clip(images, -1, 1)
    return bounded


def _interpolate(
    values: NDArray[np.float64], at: NDArray[np.float64], axis: int
) -> NDArray[np.float64]:
    """Values between two neighbours along an axis: smooth images need no resize library."""
    low = np.minimum(at.astype(np.int64), values.shape[axis] - 2)
    share = np.expand_dims(at - low, tuple(i for i in range(values.ndim - axis) if i))
    below, above = values.take(low, axis), values.take(low + 1, axis)
    mixed: NDArray[np.float64] = below * (1 - share) + above * share
    return mixed


def _last_uses(layers: list[Layer]) -> dict[int, int]:
    """The last layer that reads each value, so that no more values are kept than needed."""
    uses = {}
    for index, layer in enumerate(layers):
        sources = (layer.left, layer.right) if isinstance(layer, AddLayer) else (layer.source,)
        for source in sources:
            uses[source] = index
    return uses


def _draw(
    net: Drawing, layer: ConvLayer | DenseLayer, x: Values, rng: np.random.Generator
) -> tuple[Values, Weights]:
    """Random weights, scaled so that the outputs have the mean and spread of a trained network."""
    if isinstance(layer, DenseLayer):
        kernel, depth, activation = (1, 1), x.shape[3], Activation.NONE
    else:
        kernel, activation = layer.kernel, layer.activation
        depth = 1 if layer.depthwise else x.shape[3]
    raw = rng.normal(0, 1, (layer.outputs, depth, *kernel))
    raw /= np.sqrt(raw[0].size)
    y = _convolve(net, layer, x, raw)
    gamma, beta = _target(layer, activation, rng, y.shape[3])
    if isinstance(layer, DenseLayer):
        # pooled values of random networks are nearly alike for all images: to normalize over
        # images, or class by class, would blow up their last bits
        mean, spread = np.zeros(layer.outputs), np.sqrt(np.square(y).mean())
    else:
        mean, spread = y.mean(axis=(0, 1, 2)), y.std(axis=(0, 1, 2))
    floor = max(SMALLEST_SPREAD * float(spread.mean()), 1e-6)
    gain = gamma / np.maximum(spread, floor)
    bias = beta - gain * mean
    weights = Weights(raw * gain[:, None, None, None], bias)
    return _activate(gain * y + bias, activation), weights


def _target(
    layer: Layer, activation: Activation, rng: np.random.Generator, channels: int
) -> tuple[Values, Values]:
    """Spread and mean of every channel before its activation."""
    gamma = rng.uniform(0.8, 1.2, channels)
    if layer.name.endswith(("/project", "/conv2")):
        gamma *= 0.4  # a residual branch adds to a value of spread 1 again and again
    mean = 1.0 if activation is Activation.RELU6 else 0.5 if activation is Activation.RELU else 0.0
    beta = rng.normal(mean, 0.25, channels)
    return gamma, beta


def _activate(x: Values, activation: Activation) -> Values:
    if activation is Activation.NONE:
        return x
    bounded: Values = np.clip(x, 0, 6 if activation is Activation.RELU6 else None)
    return bounded


def _plain(layer: Layer, values: list[Values]) -> Values:
    """What a layer without weights computes, in float64."""
    match layer:
        case AddLayer():
            return _activate(values[layer.left] + values[layer.right], layer.activation)
        case PoolLayer():
            mean: Values = values[layer.source].mean(axis=(1, 2), keepdims=True)
            return mean
        case SoftmaxLayer():
            power = np.exp(values[layer.source] - values[layer.source].max(axis=3, keepdims=True))
            share: Values = power / power.sum(axis=3, keepdims=True)
            return share
    raise TypeError(f"{type(layer).__name__} has weights")


def _convolve(net: Drawing, layer: ConvLayer | DenseLayer, x: Values, weights: Values) -> Values:
    """A convolution in float64, one tap at a time."""
    if isinstance(layer, DenseLayer):
        scores: Values = x @ weights[:, :, 0, 0].T
        return scores
    top, left, bottom, right = layer.pads
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))
    height, width, _ = net.shapes[net.layers.index(layer) + 1]
    y = np.zeros((len(x), height, width, layer.outputs))
    for i in range(layer.kernel[0]):
        for j in range(layer.kernel[1]):
            rows = slice(i, i + (height - 1) * layer.stride + 1, layer.stride)
            columns = slice(j, j + (width - 1) * layer.stride + 1, layer.stride)
            tap, w = padded[:, rows, columns], weights[:, :, i, j]
            y += tap * w[:, 0] if layer.depthwise else tap @ w.T
    return y
