"""What networks are made of, before they have weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Activation(Enum):
    """What follows a layer, fused with it."""

    NONE = ""
    RELU = "Relu"
    RELU6 = "Clip"


Shape = tuple[int, int, int]
"""Height, width, channels."""


@dataclass(frozen=True)
class ConvLayer:
    """Convolution with bias; pads are top, left, bottom, right."""

    name: str
    source: int
    outputs: int
    kernel: tuple[int, int]
    stride: int
    pads: tuple[int, int, int, int]
    depthwise: bool
    activation: Activation


@dataclass(frozen=True)
class AddLayer:
    """Sum of two values, a residual."""

    name: str
    left: int
    right: int
    activation: Activation


@dataclass(frozen=True)
class PoolLayer:
    """Global average."""

    name: str
    source: int


@dataclass(frozen=True)
class DenseLayer:
    """Scores of classes from a pooled value."""

    name: str
    source: int
    outputs: int


@dataclass(frozen=True)
class SoftmaxLayer:
    """Scores to probabilities."""

    name: str
    source: int


Layer = ConvLayer | AddLayer | PoolLayer | DenseLayer | SoftmaxLayer


@dataclass
class Drawing:
    """A network under construction. Value 0 is the image, value i + 1 what layer i makes."""

    image: Shape
    same_padding: bool = False  # as TensorFlow pads; else half the kernel all around
    layers: list[Layer] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shapes.append(self.image)

    @property
    def value(self) -> int:
        """The newest value."""
        return len(self.layers)

    def conv(
        self,
        name: str,
        outputs: int,
        kernel: int | tuple[int, int] = 1,
        stride: int = 1,
        activation: Activation = Activation.NONE,
        source: int | None = None,
    ) -> int:
        """A convolution of the newest value, or of `source`."""
        return self._conv(name, outputs, kernel, stride, activation, source, depthwise=False)

    def depthwise(
        self, name: str, kernel: int, stride: int = 1, activation: Activation = Activation.NONE
    ) -> int:
        """A depthwise convolution of the newest value."""
        channels = self.shapes[self.value][2]
        return self._conv(name, channels, kernel, stride, activation, None, depthwise=True)

    def add(self, name: str, left: int, right: int, activation: Activation) -> int:
        """A residual."""
        return self._append(AddLayer(name, left, right, activation), self.shapes[left])

    def pool(self, name: str) -> int:
        """The global average of the newest value."""
        return self._append(PoolLayer(name, self.value), (1, 1, self.shapes[self.value][2]))

    def dense(self, name: str, outputs: int) -> int:
        """Scores from the newest value, a pooled one."""
        return self._append(DenseLayer(name, self.value, outputs), (1, 1, outputs))

    def classify(self, classes: int, softmax: bool) -> None:
        """Global average, dense layer, and softmax if the published network has one."""
        self.pool("head/pool")
        self.dense("head/classify", classes)
        if softmax:
            self._append(SoftmaxLayer("head/softmax", self.value), (1, 1, classes))

    def _conv(
        self,
        name: str,
        outputs: int,
        kernel: int | tuple[int, int],
        stride: int,
        activation: Activation,
        source: int | None,
        depthwise: bool,
    ) -> int:
        """Appends a convolution and returns the number of its output value."""
        origin = self.value if source is None else source
        height, width, _ = self.shapes[origin]
        kernel_h, kernel_w = (kernel, kernel) if isinstance(kernel, int) else kernel
        top, bottom = self._pads(height, kernel_h, stride)
        left, right = self._pads(width, kernel_w, stride)
        shape = (
            (height + top + bottom - kernel_h) // stride + 1,
            (width + left + right - kernel_w) // stride + 1,
            outputs,
        )
        pads = (top, left, bottom, right)
        layer = ConvLayer(
            name=name,
            source=origin,
            outputs=outputs,
            kernel=(kernel_h, kernel_w),
            stride=stride,
            pads=pads,
            depthwise=depthwise,
            activation=activation,
        )
        return self._append(layer, shape)

    def _pads(self, extent: int, kernel: int, stride: int) -> tuple[int, int]:
        """(before, after) an axis: TensorFlow's SAME, or half a kernel on both sides as in
        PyTorch.
        """
        if not self.same_padding:
            return kernel // 2, kernel // 2
        total = max(0, (-(-extent // stride) - 1) * stride + kernel - extent)
        return total // 2, total - total // 2

    def _append(self, layer: Layer, shape: Shape) -> int:
        self.layers.append(layer)
        self.shapes.append(shape)
        return self.value
