"""Pools: maximum and mean under a sliding kernel, and the mean over all pixels.

A mean is a sum, times a factor that holds the scales and one over the number of pixels. Where
padding is left out of the count, pixels at the border have factors of their own: a table by
count. The global mean adds lines up as they arrive (int32 per channel), so the map before it
never exists as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import ClassVar

import numpy as np

from msfcnn.errors import ModelError, Problem
from msfcnn.ir import (
    INT32_MAX,
    Axis,
    Call,
    Clamp,
    CStruct,
    Geometry,
    Mask,
    Model,
    Range,
    Reads,
    Scaling,
    Shape,
    Values,
    requantize,
    scaling_of,
    to_even,
)
from msfcnn.ops import window
from msfcnn.ops.base import Unary, register
from msfcnn.ops.channels import monotone_range, tie_all
from msfcnn.ops.sketch import Sketch
from msfcnn.ops.sums import SumConstants, sum_constants, sum_struct, weighted_sum

LOWEST = -128
LARGEST_STEP = 255  # of an int8 less its zero point
SUM_BYTES = 4  # of the accumulator that a global average keeps per channel


@dataclass(frozen=True, eq=False)
class PoolConstants:
    """q = clamp(output_zero + requantize(sum of (q - input_zero), scaling[n - 1])).

    n is the number of pixels averaged; `scaling` has one entry per n that can occur, or a
    single one that holds for every pixel.
    """

    scaling: Scaling
    input_zero: int
    output_zero: int
    clamp: Clamp


@dataclass(frozen=True)
class _Pool(Unary):
    """What all pools have in common: a channel of the output is one of the input."""

    def value_range(self, model: Model, inputs: Sequence[Range]) -> Range:
        """Maximum and mean rise with every input."""
        return monotone_range(model, self, inputs)

    def need(self, model: Model, found: Sequence[Range], kept: Sequence[Mask]) -> None:
        """A channel needs its own of the input."""
        tie_all(self, kept)

    def _call(
        self,
        model: Model,
        family: str,
        reads: Reads,
        rows: Axis = Axis(),
        columns: Axis = Axis(),
    ) -> tuple[Call, ...]:
        return (
            Call(
                family=family,
                inputs=self.inputs,
                source=model.tensors[self.input].shape,
                target=model.tensors[self.output].shape,
                reads=reads,
                rows=rows,
                columns=columns,
                channelwise=True,
            ),
        )


@dataclass(frozen=True)
class _SlidingPool(_Pool):
    """Pools whose kernel slides; one of 1x1 reads runs of pixels as a pointwise layer does.

    geometry: pad_bottom and pad_right are what the last position reads, see nodes.SlidingAxis.
    """

    geometry: Geometry

    @property
    def sliding(self) -> Geometry:
        """The geometry of its kernel."""
        return self.geometry

    def _slides(self, model: Model, family: str) -> tuple[Call, ...]:
        rows, columns = self.geometry.axes
        own = rows == columns == Axis() and not self.geometry.padded
        reads = Reads.RUN if own else Reads.WINDOW
        return self._call(model, family, reads, rows, columns)


@register
@dataclass(frozen=True)
class MaxPool(_SlidingPool):
    """Maximum of the pixels under the kernel; padding never wins.

    A change of scale may follow in the same kernel; usually the scales are equal and it is exact.
    """

    clamp: Clamp = Clamp()
    chooses: ClassVar[bool] = True

    def constants(self, model: Model) -> SumConstants:
        """Those of the change of scale behind the maximum."""
        source, target = (model.tensors[t].quantization for t in (self.input, self.output))
        return sum_constants(self.node, (source,), target, self.clamp)

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """See Op."""
        return max_pool(self, self.constants(model), inputs[0], model.tensors[self.output].shape)

    def calls(self, model: Model) -> tuple[Call, ...]:
        """See Op."""
        return self._slides(model, "max_pool")

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """See Op."""
        return sum_struct(self.constants(model))

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """Of stride 1 and 2."""
        for kernel, stride in ((3, 1), (2, 2)):
            g = sketch.same(kernel, kernel, stride)
            sketch.add(partial(cls, geometry=g), (*sketch.slid(g), sketch.newest.channels))


@register
@dataclass(frozen=True)
class AveragePool(_SlidingPool):
    """Mean of the pixels under the kernel, padding counted (as zero) or left out.

    total: the sum instead of the mean.
    """

    count_include_pad: bool = False
    clamp: Clamp = Clamp()
    total: bool = False

    def constants(self, model: Model) -> PoolConstants:
        """One factor, or one per pixel count where padding is left out."""
        source, target = (model.tensors[t].shape for t in (self.input, self.output))
        area = self.geometry.kernel_h * self.geometry.kernel_w
        varies = self.geometry.reads_outside(source, target) and not self.count_include_pad
        counts = range(1, area + 1) if varies else [area]
        return _pool_constants(model, self, counts, self.clamp, self.total)

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """See Op."""
        target = model.tensors[self.output].shape
        return average_pool(self, self.constants(model), inputs[0], target)

    def calls(self, model: Model) -> tuple[Call, ...]:
        """See Op."""
        return self._slides(model, "average_pool")

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """See Op."""
        return _pool_struct(self.constants(model))

    def pad_value(self, model: Model) -> int:
        """The input's zero point."""
        return model.tensors[self.input].quantization.zero_point

    def output_zero(self, model: Model) -> int:
        """The output's zero point."""
        return model.tensors[self.output].quantization.zero_point

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """Of stride 1, of an even and an odd kernel."""
        for kernel in (2, 3):
            g = sketch.same(kernel, kernel, 1)
            sketch.add(partial(cls, geometry=g), sketch.newest.shape)


@register
@dataclass(frozen=True)
class GlobalAveragePool(_Pool):
    """Mean over all pixels; output 1 x 1 x channels. Computed as rows arrive.

    total: the sum instead of the mean.
    """

    clamp: Clamp = Clamp()
    total: bool = False

    def constants(self, model: Model) -> PoolConstants:
        """See Op."""
        source = model.tensors[self.input]
        counts = [source.height * source.width]
        return _pool_constants(model, self, counts, self.clamp, self.total)

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """See Op."""
        return global_average(self.constants(model), inputs[0])

    def calls(self, model: Model) -> tuple[Call, ...]:
        """See Op."""
        return self._call(model, "global_average", Reads.GLOBAL)

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """See Op."""
        return _pool_struct(self.constants(model))

    def output_zero(self, model: Model) -> int:
        """The output's zero point."""
        return model.tensors[self.output].quantization.zero_point

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """Of all that there is."""
        sketch.add(cls, (1, 1, sketch.newest.channels))


def max_pool(op: MaxPool, k: SumConstants, x: Values, target: Shape) -> Values:
    """Maximum under the kernel, then the change of scale; padding is -128 and never wins."""
    padded = window.pad(op.geometry, x, target, LOWEST)
    return weighted_sum(k, [reduce(np.maximum, window.taps(op.geometry, padded, target))])


def average_pool(op: AveragePool, k: PoolConstants, x: Values, target: Shape) -> Values:
    """Mean under the kernel: one factor, or one per number of pixels inside the input."""
    padded = window.pad(op.geometry, x, target, k.input_zero)
    acc = np.zeros((len(x), *target), dtype=np.int64)
    for tap in window.taps(op.geometry, padded, target):
        acc += tap.astype(np.int64) - k.input_zero
    multiplier, shift = k.scaling.multiplier, k.scaling.shift
    if len(multiplier) > 1:
        index = np.maximum(window.pixels_inside(op.geometry, x.shape[1:3], target), 1) - 1
        multiplier, shift = multiplier[index], shift[index]
    return requantize(acc, multiplier, shift, k.output_zero, k.clamp)


def global_average(k: PoolConstants, x: Values) -> Values:
    """Mean over all pixels."""
    acc = (x.astype(np.int64) - k.input_zero).sum(axis=(1, 2), keepdims=True)
    return requantize(acc, k.scaling.multiplier, k.scaling.shift, k.output_zero, k.clamp)


def _pool_constants(
    model: Model, op: Unary, counts: Sequence[int], clamp: Clamp, total: bool
) -> PoolConstants:
    """counts: of pixels averaged, or summed up, ascending; total: the sum, so nothing is divided.

    Raises ModelError where the int32 sum of values of 9 bits (int8 less zero point) could overflow.
    """
    source, target = (model.tensors[t].quantization for t in (op.input, op.output))
    if LARGEST_STEP * counts[-1] > INT32_MAX:
        what = f"the 32-bit sum of {counts[-1]} pixels can overflow"
        raise ModelError(Problem(op.node, what, "use a smaller input or kernel", type(op).__name__))
    divisors = np.ones(len(counts)) if total else np.array(counts, dtype=np.float64)
    factors = source.scale / target.scale / divisors
    reach = LARGEST_STEP * np.array(counts, np.int64)
    scaling = to_even(scaling_of(op.node, factors), reach, factors)
    return PoolConstants(scaling, source.zero_point, target.zero_point, clamp)


def _pool_struct(k: PoolConstants) -> CStruct:
    """A factor for each count of pixels that can occur, as two arrays."""
    return CStruct(
        "msfcnn_pool_t",
        {
            "multiplier": k.scaling.multiplier,
            "shift": k.scaling.shift,
            "n_factors": len(k.scaling.multiplier),
            "input_zero": k.input_zero,
        },
    )
