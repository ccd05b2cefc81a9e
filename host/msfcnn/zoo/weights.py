"""Weights that keep a network well conditioned, and the ranges its activations then have.

Layer by layer: draw weights, run calibration images through them, scale and shift every channel
to a drawn mean and spread. This is what batch normalization leaves behind after training, so
that neither dead nor saturated channels make a network easier or harder than a real one.

All in float64: what the order of summation, which depends on the processor, changes is then far
below what a scale stored with `qdq.SCALE_BITS` shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from msfcnn.zoo.drawing import Drawing
from msfcnn.zoo.evaluate import Values, activate, convolve, plain
from msfcnn.zoo.layers import Activation, ConvLayer, DenseLayer, Function, Layer, Shape
from msfcnn.zoo.ranges import Range, shared

IMAGES, FEW_IMAGES = 8, 2
MANY_CONVOLUTIONS = 10**9  # MACs of a network from which on a few images must do
SCORE_MARGIN = 1.5  # a few images do not show the extremes of the few values behind the pool
OCTAVE_DECAY = 0.75  # of the noise in images, from one scale to the next finer one
MEANS: dict[Activation | Function, float] = {  # of a channel, before what follows
    Activation.RELU6: 1.0,
    Activation.RELU: 0.5,
    Function.HARD_SWISH: 0.5,
    Function.HARD_SIGMOID: 1.0,
}
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
    ranges: list[Range]


def condition(net: Drawing, seed: int) -> Trained:
    """Seeded weights for a network; images are in [-1, 1]."""
    rng = np.random.default_rng(seed)
    count = FEW_IMAGES if _macs(net) > MANY_CONVOLUTIONS else IMAGES
    values: list[Values] = [calibration_images(net.image, rng, count)]
    weights: dict[int, Weights] = {}
    last_use = _last_uses(net.layers)
    ranges = [(-1.0, 1.0)]
    for index, layer in enumerate(net.layers):
        if isinstance(layer, ConvLayer | DenseLayer):
            value, weights[index] = _draw(net, layer, values[layer.source], rng)
        else:
            value = plain(layer, values)
        values.append(value)
        margin = SCORE_MARGIN if isinstance(layer, DenseLayer) else 1.0
        ranges.append(
            (margin * min(0.0, float(value.min())), margin * max(0.0, float(value.max())))
        )
        for old in [t for t, use in last_use.items() if use == index]:
            values[old] = np.zeros(0)  # a large network would not fit otherwise
    return Trained(weights, shared(net, ranges))


def _macs(net: Drawing) -> int:
    """Multiply-accumulates of all convolutions."""
    return sum(
        prod(net.shapes[i + 1])
        * prod(layer.kernel)
        * (1 if layer.depthwise else net.shapes[layer.source][2])
        for i, layer in enumerate(net.layers)
        if isinstance(layer, ConvLayer)
    )


def calibration_images(shape: Shape, rng: np.random.Generator, count: int = IMAGES) -> Values:
    """float64 [count, H, W, C] in [-1, 1]: noise of all scales, weaker the finer, like photos."""
    height, width, channels = shape
    images = np.zeros((count, height, width, channels))
    for octave in range(2, 8):
        grid = 2**octave
        rows, columns = (np.linspace(0, min(grid, n) - 1, n) for n in (height, width))
        coarse = rng.normal(0, 1, (count, min(grid, height), min(grid, width), channels))
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
        for source in layer.inputs:
            uses[source] = index
    return uses


def _draw(
    net: Drawing, layer: ConvLayer | DenseLayer, x: Values, rng: np.random.Generator
) -> tuple[Values, Weights]:
    """Random weights, scaled so that the outputs have the mean and spread of a trained network.

    x: what the layer reads, [n, H, W, C]. Returns what it makes, behind its activation, and the
    weights with the scaling in them.
    """
    pooled = x.shape[1] * x.shape[2] == 1
    if isinstance(layer, DenseLayer):
        kernel, depth, activation = (1, 1), x.shape[3], Activation.NONE
    else:
        kernel, activation = layer.kernel, layer.activation
        depth = 1 if layer.depthwise else x.shape[3]
    raw = rng.normal(0, 1, (layer.outputs, depth, *kernel))
    raw /= np.sqrt(raw[0].size)
    y = convolve(layer, x, raw, net.shapes[net.layers.index(layer) + 1])
    gamma, beta = _target(layer, activation, rng, y.shape[3])
    if pooled:
        # pooled values of random networks are nearly alike for all images: to normalize over
        # images, or class by class, would blow up their last bits
        mean, spread = np.zeros(layer.outputs), np.sqrt(np.square(y).mean())
    else:
        mean, spread = y.mean(axis=(0, 1, 2)), y.std(axis=(0, 1, 2))
    floor = max(SMALLEST_SPREAD * float(spread.mean()), 1e-6)
    gain = gamma / np.maximum(spread, floor)
    bias = beta - gain * mean
    weights = Weights(raw * gain[:, None, None, None], bias)
    return activate(gain * y + bias, activation), weights


def _target(
    layer: Layer, activation: Activation, rng: np.random.Generator, channels: int
) -> tuple[Values, Values]:
    """Spread and mean of every channel before its activation."""
    gamma = rng.uniform(0.8, 1.2, channels)
    if layer.name.endswith(("/project", "/conv2")):
        gamma *= 0.4  # a residual branch adds to a value of spread 1 again and again
    then = layer.then if isinstance(layer, ConvLayer) else None
    mean = MEANS.get(then or activation, 0.0)
    beta = rng.normal(mean, 0.25, channels)
    return gamma, beta
