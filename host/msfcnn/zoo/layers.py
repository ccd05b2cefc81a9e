"""What networks are made of, before they have weights.

Value 0 of a network is its image, value i + 1 what layer i makes. Pads are those at the top, at the
left, at the bottom and at the right.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Activation(Enum):
    """What follows a layer, fused with it."""

    NONE = ""
    RELU = "Relu"
    RELU6 = "Clip"


class Function(Enum):
    """What follows a layer as a layer of its own; the name is that of the ONNX operator."""

    HARD_SWISH = "HardSwish"
    HARD_SIGMOID = "HardSigmoid"


Shape = tuple[int, int, int]
"""Height, width, channels."""

Pads = tuple[int, int, int, int]


@dataclass(frozen=True)
class ConvLayer:
    """Convolution with bias. then: the function behind it, a layer of its own.

    source: value that is read. outputs: channels. kernel: rows, columns. A depthwise one has as
    many outputs as inputs. `then` is only told here so that weights fit what follows.
    """

    name: str
    source: int
    outputs: int
    kernel: tuple[int, int]
    stride: int
    pads: Pads
    depthwise: bool
    activation: Activation
    then: Function | None = None

    @property
    def inputs(self) -> tuple[int, ...]:
        """Values it reads."""
        return (self.source,)


@dataclass(frozen=True)
class AddLayer:
    """Sum of two values, a residual."""

    name: str
    left: int
    right: int
    activation: Activation

    @property
    def inputs(self) -> tuple[int, ...]:
        """Values it reads."""
        return (self.left, self.right)


@dataclass(frozen=True)
class GateLayer:
    """A map multiplied by one value per channel."""

    name: str
    source: int
    gate: int

    @property
    def inputs(self) -> tuple[int, ...]:
        """Values it reads."""
        return (self.source, self.gate)


@dataclass(frozen=True)
class ConcatLayer:
    """Channels of several maps, one after the other."""

    name: str
    sources: tuple[int, ...]

    @property
    def inputs(self) -> tuple[int, ...]:
        """Values it reads."""
        return self.sources


@dataclass(frozen=True)
class _Unary:
    name: str
    source: int

    @property
    def inputs(self) -> tuple[int, ...]:
        """Values it reads."""
        return (self.source,)


@dataclass(frozen=True)
class FunctionLayer(_Unary):
    """A function of each element."""

    function: Function


@dataclass(frozen=True)
class WindowPoolLayer(_Unary):
    """The largest of each window, or its mean; what is beyond the edges does not count."""

    kernel: int
    stride: int
    pads: Pads
    average: bool


@dataclass(frozen=True)
class EnlargeLayer(_Unary):
    """Twice as high and wide, the nearest pixel each."""


@dataclass(frozen=True)
class ShuffleLayer(_Unary):
    """Channels of several groups in turn, one of each."""

    groups: int


@dataclass(frozen=True)
class SliceLayer(_Unary):
    """Channels from first on, up to end, which is left out."""

    first: int
    end: int


@dataclass(frozen=True)
class PoolLayer(_Unary):
    """Global average."""


@dataclass(frozen=True)
class DenseLayer(_Unary):
    """Scores of classes from a pooled value."""

    outputs: int


@dataclass(frozen=True)
class SoftmaxLayer(_Unary):
    """Scores to probabilities."""


Layer = (
    ConvLayer
    | AddLayer
    | GateLayer
    | ConcatLayer
    | FunctionLayer
    | WindowPoolLayer
    | EnlargeLayer
    | ShuffleLayer
    | SliceLayer
    | PoolLayer
    | DenseLayer
    | SoftmaxLayer
)
