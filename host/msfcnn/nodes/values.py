"""What the importer knows about the ONNX value behind a name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import Op, Quantization
from msfcnn.nodes.node import Node
from msfcnn.nodes.views import View

UNSET = -1  # the output of an op whose tensor does not exist yet


@dataclass(frozen=True, eq=False)
class Constant:
    """A constant; one that went through DequantizeLinear keeps its integers and their scale.

    scale, zero: one per element (broadcast, so they cost nothing), None for plain numbers.
    """

    stored: NDArray[Any]
    scale: NDArray[np.float64] | None = None
    zero: NDArray[np.int64] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the ONNX value."""
        return tuple(int(n) for n in self.stored.shape)

    @property
    def real(self) -> NDArray[np.float64]:
        """The values as real numbers."""
        if self.scale is None or self.zero is None:
            return self.stored.astype(np.float64)
        return (self.stored.astype(np.int64) - self.zero) * self.scale

    def negated(self) -> Constant:
        """Minus this constant, as plain numbers."""
        return Constant(-self.real)

    def mapped(self, move: Callable[[NDArray[Any]], NDArray[Any]]) -> Constant:
        """The constant with its elements moved, their scales and zero points along with them."""
        return Constant(
            move(self.stored),
            None if self.scale is None else move(self.scale),
            None if self.zero is None else move(self.zero),
        )

    def reshaped(self, shape: tuple[int, ...]) -> Constant:
        """The constant behind a Reshape."""
        return self.mapped(lambda values: values.reshape(shape))


@dataclass(frozen=True, eq=False)
class Padding:
    """Zeros that a Pad node puts around a value, until the op behind it takes them over."""

    node: Node
    before: tuple[int, ...]
    after: tuple[int, ...]

    def transposed(self, perm: tuple[int, ...]) -> Padding:
        """The padding behind a Transpose."""
        before = tuple(self.before[axis] for axis in perm)
        return Padding(self.node, before, tuple(self.after[axis] for axis in perm))


@dataclass(frozen=True, eq=False)
class Known:
    """The values of a tensor of the model: real numbers, or int8 (uint8) before DequantizeLinear.

    padding: the ONNX value is larger by this; the view is that of the tensor without it.
    """

    tensor: int
    view: View
    real: bool
    padding: Padding | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the ONNX value."""
        if self.padding is None:
            return self.view.shape
        sides = zip(self.view.shape, self.padding.before, self.padding.after, strict=True)
        return tuple(n + before + after for n, before, after in sides)


@dataclass(frozen=True)
class Bounds:
    """Real bounds that Relu and Clip put on a value."""

    low: float = -math.inf
    high: float = math.inf

    def then(self, low: float, high: float) -> Bounds:
        """These bounds followed by a Clip (which prefers its maximum if low > high)."""
        return Bounds(*(min(max(bound, low), high) for bound in (self.low, self.high)))


@dataclass(frozen=True, eq=False)
class Spread:
    """An op that moves the values of the op before it. view: of what it reads."""

    op: Op
    view: View


@dataclass(frozen=True, eq=False)
class Draft:
    """The real result of an op whose output quantization is not known yet.

    op:        without output and clamp.
    inherited: the quantization in which the result is exact without a QuantizeLinear, if any.
    usual:     a quantization that holds the result, with rounding, where the model gives none.
    spread:    an op behind it that moves its values, once they are quantized.
    origin:    ONNX name of the op's own result; with the bounds it tells results apart.
    """

    op: Op
    node: Node
    view: View
    origin: str
    inherited: Quantization | None = None
    unsigned: bool = False
    bounds: Bounds = Bounds()
    usual: Quantization | None = None
    spread: Spread | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the ONNX value."""
        return self.view.shape


@dataclass(frozen=True, eq=False)
class Source:
    """A graph input, or a new view of it, before its quantization is known.

    border: its name. mean, std: the value is (input - mean) / std, float64 [channels of the view];
    empty where it is the input itself.
    """

    view: View
    dtype: str
    border: str
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the ONNX value."""
        return self.view.shape


@dataclass(frozen=True)
class Poison:
    """Depends on a node that was reported; nothing more is said about it."""


Value = Constant | Known | Draft | Source | Poison
