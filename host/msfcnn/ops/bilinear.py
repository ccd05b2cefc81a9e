"""Bilinear enlargement by whole factors: the op. resize.py makes it from ONNX's Resize.

Whole factors only: then the weights of a pixel are the same for every block of the output, and need
no division.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from msfcnn.errors import ModelError
from msfcnn.ir import (
    INT32_MAX,
    Axis,
    Call,
    Clamp,
    CStruct,
    Mask,
    Model,
    Range,
    Reads,
    Values,
    absurd_scale,
    clamped,
)
from msfcnn.ops.base import Unary, register
from msfcnn.ops.channels import monotone_range, tie_all
from msfcnn.ops.sketch import Sketch
from msfcnn.ops.sums import SumConstants, sum_struct


@register
@dataclass(frozen=True)
class Bilinear(Unary):
    """rows x columns times as large; pixels lie in the middle of their squares (half_pixel).

    Output row y lies at (2 * y + 1 - rows) / (2 * rows) between two rows of the input; beyond the
    first and the last row that row counts.
    """

    rows: int
    columns: int
    clamp: Clamp = Clamp()

    def constants(self, model: Model) -> SumConstants:
        """q = clamp((weighted sum * multiplier + offset) >> shift).

        The weights of the four taps add up to 4 * rows * columns. The zero point is in the offset.
        Raises ModelError where the scales are absurd.
        """
        source, target = (model.tensors[t].quantization for t in (self.input, self.output))
        total = 4 * self.rows * self.columns
        factor = source.scale / target.scale / total
        for shift in range(30, 0, -1):
            multiplier = round(factor * 2**shift)
            offset = (target.zero_point << shift) + (1 << (shift - 1))
            offset -= multiplier * total * source.zero_point
            if abs(offset) + 128 * total * multiplier <= INT32_MAX:
                return SumConstants(
                    multipliers=(multiplier,), offset=offset, shift=shift, clamp=self.clamp
                )
        raise ModelError(absurd_scale(self.node, factor))

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """Rows first, then columns; the order does not matter, as nothing is rounded between."""
        k, x = self.constants(model), inputs[0].astype(np.int64)
        acc = _along(_along(x, self.rows, 1), self.columns, 2)
        return clamped((acc * k.multipliers[0] + k.offset) >> k.shift, k.clamp)

    def value_range(self, model: Model, inputs: Sequence[Range]) -> Range:
        """See Op."""
        return monotone_range(model, self, inputs)

    def need(self, model: Model, found: Sequence[Range], kept: Sequence[Mask]) -> None:
        """See Op."""
        tie_all(self, kept)

    def calls(self, model: Model) -> tuple[Call, ...]:
        """See Op."""
        return (
            Call(
                family="bilinear",
                inputs=self.inputs,
                source=model.tensors[self.input].shape,
                target=model.tensors[self.output].shape,
                reads=Reads.WINDOW,
                rows=_axis(self.rows),
                columns=_axis(self.columns),
                channelwise=True,
            ),
        )

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """See Op."""
        return sum_struct(self.constants(model))

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """Twice as high and wide."""
        height, width, channels = sketch.newest.shape
        sketch.add(partial(cls, rows=2, columns=2), (2 * height, 2 * width, channels))


def _axis(factor: int) -> Axis:
    """How a bilinear kernel walks along an axis, in steps of half an output pixel.

    Output y begins to read at row (2 * y - (factor - 1)) // (2 * factor), which is -1 for the first
    half block: the row beyond the border, for which the engine takes the first one.
    """
    return Axis(kernel=2, stride=2, pad=factor - 1, up=2 * factor)


def _along(x: NDArray[np.int64], factor: int, axis: int) -> NDArray[np.int64]:
    """Sums of two neighbours, weighted in parts of 2 * factor.

    place: of each output pixel in halves of output pixels, from the middle of the first input pixel
    on. At the borders both neighbours are the same pixel.
    """
    size = x.shape[axis]
    place = 2 * np.arange(size * factor) - (factor - 1)
    first, part = place // (2 * factor), place % (2 * factor)
    shape = [1] * x.ndim
    shape[axis] = -1
    near = x.take(np.maximum(first, 0), axis) * (2 * factor - part).reshape(shape)
    found: NDArray[np.int64] = near + x.take(np.minimum(first + 1, size - 1), axis) * part.reshape(
        shape
    )
    return found
