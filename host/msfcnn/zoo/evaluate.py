"""What layers compute, in float64 on maps [n, H, W, C].

Only to measure the ranges of a drawing's values while it gets its weights: slow and plain, without
onnxruntime, which is an optional package and sums in an order of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from msfcnn.zoo.layers import (
    Activation,
    AddLayer,
    ConcatLayer,
    ConvLayer,
    DenseLayer,
    EnlargeLayer,
    Function,
    FunctionLayer,
    GateLayer,
    Layer,
    PoolLayer,
    Shape,
    ShuffleLayer,
    SliceLayer,
    SoftmaxLayer,
    WindowPoolLayer,
)

Values = NDArray[np.float64]


def activate(x: Values, activation: Activation) -> Values:
    """The values behind a bound: at least 0, and at most 6 with RELU6."""
    if activation is Activation.NONE:
        return x
    bounded: Values = np.clip(x, 0, 6 if activation is Activation.RELU6 else None)
    return bounded


def convolve(layer: ConvLayer | DenseLayer, x: Values, weights: Values, shape: Shape) -> Values:
    """Without bias.

    weights: [outputs, inputs of a group, kernel_h, kernel_w]. shape: of the result.
    """
    if isinstance(layer, DenseLayer):
        scores: Values = x @ weights[:, :, 0, 0].T
        return scores
    top, left, bottom, right = layer.pads
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))
    height, width, _ = shape
    y = np.zeros((len(x), height, width, layer.outputs))
    for i in range(layer.kernel[0]):
        for j in range(layer.kernel[1]):
            rows = slice(i, i + (height - 1) * layer.stride + 1, layer.stride)
            columns = slice(j, j + (width - 1) * layer.stride + 1, layer.stride)
            tap, w = padded[:, rows, columns], weights[:, :, i, j]
            y += tap * w[:, 0] if layer.depthwise else tap @ w.T
    return y


def plain(layer: Layer, values: list[Values]) -> Values:
    """What a layer without weights makes of the values before it.

    values: by number, as the layers count them. Raises TypeError for a layer that has weights.
    """
    x = values[layer.inputs[0]]
    match layer:
        case AddLayer():
            return activate(x + values[layer.right], layer.activation)
        case GateLayer():
            return x * values[layer.gate]
        case ConcatLayer():
            return np.concatenate([values[source] for source in layer.sources], axis=3)
        case FunctionLayer():
            share: Values = np.clip(x / 6 + 0.5, 0, 1)
            return share if layer.function is Function.HARD_SIGMOID else x * share
        case WindowPoolLayer():
            return _window_pool(layer, x)
        case EnlargeLayer():
            return x.repeat(2, axis=1).repeat(2, axis=2)
        case ShuffleLayer():
            n, height, width, channels = x.shape
            grouped = x.reshape(n, height, width, layer.groups, channels // layer.groups)
            mixed: Values = grouped.swapaxes(3, 4).reshape(x.shape)
            return mixed
        case SliceLayer():
            return x[..., layer.first : layer.end]
        case PoolLayer():
            mean: Values = x.mean(axis=(1, 2), keepdims=True)
            return mean
        case SoftmaxLayer():
            power = np.exp(x - x.max(axis=3, keepdims=True))
            probability: Values = power / power.sum(axis=3, keepdims=True)
            return probability
    raise TypeError(f"{type(layer).__name__} has weights")


def _window_pool(layer: WindowPoolLayer, x: Values) -> Values:
    """Maximum or mean of windows; padding is below everything, and counts for no mean."""
    top, left, bottom, right = layer.pads
    edges = ((0, 0), (top, bottom), (left, right), (0, 0))
    size = (layer.kernel, layer.kernel)

    def windows(values: Values, fill: float) -> Values:
        padded = np.pad(values, edges, constant_values=fill)
        view = np.lib.stride_tricks.sliding_window_view(padded, size, axis=(1, 2))
        taken: Values = view[:, :: layer.stride, :: layer.stride]
        return taken

    if not layer.average:
        largest: Values = windows(x, -np.inf).max(axis=(-2, -1))
        return largest
    counted = windows(np.ones((1, *x.shape[1:3], 1)), 0).sum(axis=(-2, -1))
    mean: Values = windows(x, 0).sum(axis=(-2, -1)) / counted
    return mean
