"""The ops of a quantized CNN, as the network defines them (no kernel parameters yet).

Every op reads tensors by index into `Model.tensors` and writes exactly one. `node` is the name
of the ONNX node as Netron shows it (its first output if it has no name).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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


@dataclass(frozen=True)
class Clamp:
    """Inclusive bounds of the int8 output; a fused Relu or Clip narrows them."""

    low: int = -128
    high: int = 127


@dataclass(frozen=True)
class _Unary:
    node: str
    input: int
    output: int

    @property
    def inputs(self) -> tuple[int, ...]:
        """Indices of the tensors read."""
        return (self.input,)


@dataclass(frozen=True, eq=False)
class Conv(_Unary):
    """Convolution of any grouping: ordinary, pointwise, depthwise, dense (1x1 on 1x1 pixels).

    weights:      int8 [cout, kernel_h, kernel_w, cin / groups], symmetric.
    weight_scale: float64 [cout].
    bias:         int64 [cout], in units of input scale * weight_scale, zero point not folded.
    Output channel o reads the input channels of group o // (cout / groups).
    """

    geometry: Geometry
    groups: int
    weights: NDArray[np.int8]
    weight_scale: NDArray[np.float64]
    bias: NDArray[np.int64]
    clamp: Clamp = Clamp()

    @property
    def depthwise(self) -> bool:
        """One input channel per group (with or without a depth multiplier)."""
        return self.groups > 1 and self.weights.shape[3] == 1

    @property
    def pointwise(self) -> bool:
        """An ungrouped 1x1 kernel, dense layers included."""
        return self.groups == 1 and self.geometry.kernel_h == self.geometry.kernel_w == 1


@dataclass(frozen=True)
class MaxPool(_Unary):
    """Maximum of the pixels under the kernel; padding never wins."""

    geometry: Geometry
    clamp: Clamp = Clamp()


@dataclass(frozen=True)
class AveragePool(_Unary):
    """Mean of the pixels under the kernel, padding counted (as zero) or left out."""

    geometry: Geometry
    count_include_pad: bool = False
    clamp: Clamp = Clamp()


@dataclass(frozen=True)
class GlobalAveragePool(_Unary):
    """Mean over all pixels; output 1 x 1 x channels. Computed as rows arrive."""

    clamp: Clamp = Clamp()


@dataclass(frozen=True)
class Requantize(_Unary):
    """Another scale, zero point or clamp for the same shape: a stand-alone Relu, Clip or Q."""

    clamp: Clamp = Clamp()


@dataclass(frozen=True)
class Softmax(_Unary):
    """Softmax over the channels of each pixel."""


@dataclass(frozen=True)
class Reshape(_Unary):
    """The same bytes read as another height x width x channels: costs nothing."""


@dataclass(frozen=True)
class Add:
    """Element-wise sum of two tensors of one shape (a residual); the two may be the same."""

    node: str
    left: int
    right: int
    output: int
    clamp: Clamp = Clamp()

    @property
    def inputs(self) -> tuple[int, ...]:
        """Indices of the tensors read."""
        return (self.left, self.right)


@dataclass(frozen=True)
class Concat:
    """Channels of several tensors of one height and width behind each other, requantized."""

    node: str
    inputs: tuple[int, ...]
    output: int
    clamp: Clamp = Clamp()


Op = (
    Conv | MaxPool | AveragePool | GlobalAveragePool | Requantize | Softmax | Reshape | Add | Concat
)
