"""Bilinear enlargement by whole factors: the op. resize.py makes it from ONNX's Resize.

Whole factors only: then the weights of a pixel are the same for every block of the output, and need
no division.
"""

from __future__ import annotations

import math
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
    fractions_with_ties,
)
from msfcnn.ops.base import Unary, register
from msfcnn.ops.channels import monotone_range, tie_all
from msfcnn.ops.sketch import Sketch
from msfcnn.ops.sums import ROUND_FACTOR, flagged, shifted

LARGEST_STEP = 255  # of an int8 less its zero point


@dataclass(frozen=True)
class BilinearConstants:
    """q = clamp((weighted sum * multiplier + offset) >> shift), all in int32.

    The weights of the four taps add up to 4 * rows * columns. The zero points are in the offset.
    gap: 0, or twice what products may be off where there are ties; the offset is a half less half
    the gap then, and it is added where the result would be an odd number of steps. odd: the zero
    point of the output is.
    """

    multiplier: int
    offset: int
    shift: int
    gap: int
    odd: bool
    clamp: Clamp


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

    def constants(self, model: Model) -> BilinearConstants:
        """See BilinearConstants. Raises ModelError where the scales are absurd."""
        source, target = (model.tensors[t].quantization for t in (self.input, self.output))
        total = 4 * self.rows * self.columns
        factor = source.scale / target.scale / total
        for shift in range(30, 0, -1):
            multiplier = round(factor * 2**shift)
            offset = (target.zero_point << shift) + (1 << (shift - 1))
            offset -= multiplier * total * source.zero_point
            doubt = _doubt(factor, multiplier, shift, LARGEST_STEP * total)
            if abs(offset) + 128 * total * multiplier + doubt <= INT32_MAX:
                return BilinearConstants(
                    multiplier=multiplier,
                    offset=offset - doubt,
                    shift=shift,
                    gap=2 * doubt,
                    odd=doubt > 0 and target.zero_point % 2 == 1,
                    clamp=self.clamp,
                )
        raise ModelError(absurd_scale(self.node, factor))

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """Rows first, then columns; the order does not matter, as nothing is rounded between."""
        k, x = self.constants(model), inputs[0].astype(np.int64)
        acc = _along(_along(x, self.rows, 1), self.columns, 2) * k.multiplier + k.offset
        return clamped(shifted(acc, k.shift, k.odd, k.gap), k.clamp)

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
        k = self.constants(model)
        return CStruct(
            "msfcnn_sum_t",
            {
                "multiplier": (k.multiplier, k.gap),
                "offset": k.offset,
                "shift": flagged(k.shift, k.gap > 0, k.odd),
            },
        )

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


def _doubt(factor: float, multiplier: int, shift: int, reach: int) -> int:
    """What a product near a tie may be off; 0 without ties, or where others come as close.

    reach: the largest magnitude of a weighted sum.
    """
    ties = fractions_with_ties(np.array([factor]), reach)[0]
    doubt = math.ceil(abs(multiplier - factor * 2**shift) * reach) + 1
    # products of other sums are at least this far away from a tie
    return doubt if ties and 2 * doubt < multiplier // ROUND_FACTOR else 0


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
