"""How kernels walk over tensors: sliding geometry, one axis of it, and clamps of outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, int, int]  # height, width, channels
Position = TypeVar("Position", int, NDArray[np.int64])


@dataclass(frozen=True)
class Axis:
    """A kernel along one axis; extents in lines or pixels.

    up: output positions for each position of the input, where the output is larger.
    """

    kernel: int = 1
    stride: int = 1
    dilation: int = 1
    pad: int = 0
    up: int = 1

    @property
    def extent(self) -> int:
        """Input positions from the first to the last tap."""
        return (self.kernel - 1) * self.dilation + 1

    def first(self, position: Position) -> Position:
        """Input position of the first tap; negative: padding."""
        return (position * self.stride - self.pad) // self.up

    def end(self, end: Position) -> Position:
        """End of the input positions that the outputs below `end` read; may exceed the input."""
        return ((end - 1) * self.stride - self.pad) // self.up + self.extent


@dataclass(frozen=True)
class Geometry:
    """How a sliding kernel walks over its input; extents in pixels.

    Output row r reads the input rows r * stride_h - pad_top + i * dilation_h, i < kernel_h;
    rows outside the input are padding. Columns likewise.
    """

    kernel_h: int
    kernel_w: int
    stride_h: int = 1
    stride_w: int = 1
    dilation_h: int = 1
    dilation_w: int = 1
    pad_top: int = 0
    pad_left: int = 0
    pad_bottom: int = 0
    pad_right: int = 0

    @property
    def extent_h(self) -> int:
        """Input rows from the first to the last one that an output row reads."""
        return (self.kernel_h - 1) * self.dilation_h + 1

    @property
    def extent_w(self) -> int:
        """Input columns from the first to the last one that an output column reads."""
        return (self.kernel_w - 1) * self.dilation_w + 1

    @property
    def padded(self) -> bool:
        """Whether any output pixel reads outside the input."""
        return any((self.pad_top, self.pad_left, self.pad_bottom, self.pad_right))

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """Along the rows and along the columns."""
        # a dilation between taps that do not exist is none
        return (
            Axis(
                kernel=self.kernel_h,
                stride=self.stride_h,
                dilation=self.dilation_h if self.kernel_h > 1 else 1,
                pad=self.pad_top,
            ),
            Axis(
                kernel=self.kernel_w,
                stride=self.stride_w,
                dilation=self.dilation_w if self.kernel_w > 1 else 1,
                pad=self.pad_left,
            ),
        )

    def reads_outside(self, source: Shape, target: Shape) -> bool:
        """Whether an output pixel may read padding, be it declared or implied by the sizes."""
        last_row = (target[0] - 1) * self.stride_h - self.pad_top + self.extent_h
        last_column = (target[1] - 1) * self.stride_w - self.pad_left + self.extent_w
        return self.padded or last_row > source[0] or last_column > source[1]


@dataclass(frozen=True)
class Clamp:
    """Inclusive bounds of the int8 output; a fused Relu or Clip narrows them."""

    low: int = -128
    high: int = 127

    def then(self, other: Clamp) -> Clamp:
        """This clamp followed by another one, as one clamp."""
        return Clamp(*(min(max(b, other.low), other.high) for b in (self.low, self.high)))
