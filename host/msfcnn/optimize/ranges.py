"""The values that each channel of each tensor can take, whatever the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import Conv, Model, Op, Softmax
from msfcnn.numerics import conv_constants, reads_padding, requantize
from msfcnn.reference import run_op


@dataclass(frozen=True, eq=False)
class Range:
    """Bounds of a tensor's values, int64 [channels] each: no pixel of any image lies outside.

    Not every value between them need occur.
    """

    low: NDArray[np.int64]
    high: NDArray[np.int64]

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Per channel: whether all pixels of all images have one value, which is `low`."""
        same: NDArray[np.bool_] = self.low == self.high
        return same


def ranges(model: Model) -> tuple[Range, ...]:
    """The range of every tensor. Raises ModelError where an op's constants do not exist."""
    found = {model.input.tensor: _anything(model.tensors[model.input.tensor].channels)}
    for op in model.ops:
        found[op.output] = _after(model, op, [found[t] for t in op.inputs])
    return tuple(found[t] for t in range(len(model.tensors)))


def source_channels(op: Conv) -> NDArray[np.int64]:
    """Which input channel each weight reads, [cout, cin / groups]."""
    outputs, depth = len(op.weights), op.weights.shape[3]
    group = np.arange(outputs) // (outputs // op.groups)
    sources: NDArray[np.int64] = group[:, None] * depth + np.arange(depth)
    return sources


def _anything(channels: int) -> Range:
    return Range(np.full(channels, -128), np.full(channels, 127))


def _after(model: Model, op: Op, inputs: Sequence[Range]) -> Range:
    match op:
        case Conv():
            return _after_conv(model, op, inputs[0])
        case Softmax():
            return _anything(model.tensors[op.output].channels)
        case _:
            # all others never fall when an input rises: the ends of the inputs give the ends
            low = run_op(model, op, _images(model, op, [r.low for r in inputs]))
            high = run_op(model, op, _images(model, op, [r.high for r in inputs]))
            return Range(
                low.min(axis=(0, 1, 2)).astype(np.int64), high.max(axis=(0, 1, 2)).astype(np.int64)
            )


def _images(model: Model, op: Op, values: Sequence[NDArray[np.int64]]) -> list[NDArray[np.int8]]:
    """For each input of the op an image with the same values in every pixel."""
    shapes = [model.tensors[t].shape for t in op.inputs]
    return [
        np.broadcast_to(v.astype(np.int8), (1, *shape))
        for v, shape in zip(values, shapes, strict=True)
    ]


def _after_conv(model: Model, op: Conv, x: Range) -> Range:
    k = conv_constants(model, op)
    low, high = x.low, x.high
    if reads_padding(model, op):
        low, high = np.minimum(low, k.input_zero), np.maximum(high, k.input_zero)
    taps = op.weights.astype(np.int64)
    rising, falling = np.maximum(taps, 0).sum(axis=(1, 2)), np.minimum(taps, 0).sum(axis=(1, 2))
    sources = source_channels(op)
    ends = (
        k.bias + (rising * first[sources] + falling * last[sources]).sum(axis=1)
        for first, last in ((low, high), (high, low))
    )
    return Range(
        *(
            requantize(acc, k.scaling.multiplier, k.scaling.shift, k.output_zero, k.clamp).astype(
                np.int64
            )
            for acc in ends
        )
    )
