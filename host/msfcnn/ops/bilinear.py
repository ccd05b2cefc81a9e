"""Bilinear interpolation: the op. resize.py makes it from ONNX's Resize.

Output pixels lie at fractions of one denominator between those of the input, so the weights of an
output need no division, and a sum of its four taps is exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
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
from msfcnn.ops.sums import flagged, shifted

LARGEST_SUM = 2**30
DOUBT = 2  # more than rounding of multiplier, product and zero point makes together


@dataclass(frozen=True)
class BilinearConstants:
    """q = clamp(((weighted sum * unit * multiplier >> 32) + offset) >> shift), the rest in int32.

    The weights of the four taps add up to rows.up * columns.up. unit: a power of two that makes use
    of the bits which they leave. The zero points are in the offset. Ties go to an even number of
    steps from the zero point: the offset is DOUBT less than a half, and the double of it is added
    where the result would be an odd number of steps. odd: the zero point of the output is.
    """

    unit: int
    multiplier: int
    offset: int
    shift: int
    odd: bool
    clamp: Clamp


@register
@dataclass(frozen=True)
class Bilinear(Unary):
    """Each output pixel lies between four of the input.

    rows, columns: where, with a kernel of two: output row y at (y * stride - pad) / up of those of
    the input; beyond the first and the last row that row counts.
    """

    rows: Axis
    columns: Axis
    clamp: Clamp = Clamp()

    def constants(self, model: Model) -> BilinearConstants:
        """See BilinearConstants. Raises ModelError where the scales are absurd."""
        source, target = (model.tensors[t].quantization for t in (self.input, self.output))
        total = self.rows.up * self.columns.up
        factor = source.scale / target.scale / total
        unit = 1 << (LARGEST_SUM // (128 * total)).bit_length() - 1
        for shift in range(30, 0, -1):
            multiplier = round(factor * 2.0 ** (shift + 32) / unit)
            zero = round(factor * 2.0**shift * total * source.zero_point)
            offset = (target.zero_point << shift) + (1 << (shift - 1)) - zero
            largest = abs(offset) + factor * 2.0**shift * total * 128
            if multiplier <= INT32_MAX and largest + 2 * DOUBT < INT32_MAX:
                break
        else:
            raise ModelError(absurd_scale(self.node, factor))
        return BilinearConstants(
            unit=unit,
            multiplier=multiplier,
            offset=offset - DOUBT,
            shift=shift,
            odd=target.zero_point % 2 == 1,
            clamp=self.clamp,
        )

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """Rows first, then columns; the order does not matter, as nothing is rounded between."""
        k, x = self.constants(model), inputs[0].astype(np.int64)
        height, width, _ = model.tensors[self.output].shape
        acc = _along(_along(x, self.rows, height, 1), self.columns, width, 2)
        acc = (acc * k.unit * k.multiplier >> 32) + k.offset
        return clamped(shifted(acc, k.shift, k.odd, 2 * DOUBT), k.clamp)

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
                rows=self.rows,
                columns=self.columns,
                channelwise=True,
            ),
        )

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """See Op."""
        k = self.constants(model)
        return CStruct(
            "msfcnn_sum_t",
            {
                "multiplier": (k.unit, k.multiplier),
                "offset": k.offset,
                "shift": flagged(k.shift, True, k.odd),
            },
        )

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """Twice as high and wide."""
        height, width, channels = sketch.newest.shape
        twice = between(Fraction(1, 2), Fraction(-1, 4))
        op = partial(cls, rows=twice, columns=twice)
        sketch.add(op, (2 * height, 2 * width, channels))


def between(step: Fraction, start: Fraction) -> Axis:
    """Where outputs lie along an axis: the first one at `start`, each `step` behind the last.

    Both in pixels of the input. A place before its first pixel is one beyond the border, for which
    the engine takes the first pixel.
    """
    up = math.lcm(step.denominator, start.denominator)
    return Axis(kernel=2, stride=int(step * up), pad=int(-start * up), up=up)


def _along(x: NDArray[np.int64], axis: Axis, count: int, at: int) -> NDArray[np.int64]:
    """`count` sums of two neighbours along the axis `at`, weighted in parts of `axis.up`.

    At the borders both neighbours are the same pixel.
    """
    outputs = np.arange(count, dtype=np.int64)
    first, last = axis.first(outputs), x.shape[at] - 1
    part = outputs * axis.stride - axis.pad - first * axis.up
    shape = [1] * x.ndim
    shape[at] = -1
    near = x.take(np.clip(first, 0, last), at) * (axis.up - part).reshape(shape)
    far = x.take(np.clip(first + 1, 0, last), at) * part.reshape(shape)
    found: NDArray[np.int64] = near + far
    return found
