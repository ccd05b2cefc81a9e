"""Networks with many shapes of every op, to fit the cost model with: chains of random weights."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from msfcnn.ir import (
    Add,
    AveragePool,
    Clamp,
    Conv,
    Geometry,
    GlobalAveragePool,
    MaxPool,
    Model,
    Op,
    Order,
    Port,
    Quantization,
    Requantize,
    Softmax,
    Tensor,
)

RELU = Clamp(low=-100)
_ZERO = -3


@dataclass
class Sample:
    """A chain under construction; tensor 0 is the image."""

    image: tuple[int, int, int]
    ops: list[Op] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._tensor(*self.image)
        self._rng = np.random.default_rng(0)

    def _tensor(self, height: int, width: int, channels: int) -> int:
        shape = (1, channels, height, width)
        name = f"t{len(self.tensors)}"
        quantization = Quantization(0.05, _ZERO)
        self.tensors.append(Tensor(name, height, width, channels, quantization, shape))
        return len(self.tensors) - 1

    @property
    def _name(self) -> str:
        return f"op{len(self.ops)}"

    def conv(self, outputs: int, kernel: int, stride: int = 1, width: int = 0) -> None:
        """A convolution; `width` if the kernel is not square."""
        self._conv(outputs, kernel, stride, width or kernel, 1)

    def depthwise(self, kernel: int, stride: int = 1, width: int = 0) -> None:
        """A depthwise convolution."""
        channels = self.tensors[-1].channels
        self._conv(channels, kernel, stride, width or kernel, channels)

    def _conv(self, outputs: int, kernel: int, stride: int, width: int, groups: int) -> None:
        source = self.tensors[-1]
        geometry = self._geometry(kernel, width, stride)
        shape = (outputs, kernel, width, source.channels // groups)
        weights = self._rng.integers(-127, 128, shape).astype(np.int8)
        scale = np.full(outputs, 0.01 / np.sqrt(weights[0].size))
        bias = self._rng.integers(-1000, 1000, outputs).astype(np.int64)
        target = self._slid(geometry, outputs)
        place = (self._name, target - 1, target)
        clamp = (RELU, Clamp())[len(self.ops) // 2 % 2]
        self.ops.append(Conv(*place, geometry, groups, weights, scale, bias, clamp))

    def pool(self, kernel: int, average: bool) -> None:
        """A pool of stride 1."""
        geometry = self._geometry(kernel, kernel, 1)
        target = self._slid(geometry, self.tensors[-1].channels)
        place = (self._name, target - 1, target)
        self.ops.append(AveragePool(*place, geometry) if average else MaxPool(*place, geometry))

    def _geometry(self, kernel: int, width: int, stride: int) -> Geometry:
        down, right = kernel // 2, width // 2
        pads = (down, right, kernel - 1 - down, width - 1 - right)
        return Geometry(kernel, width, stride, stride, 1, 1, *pads)

    def _slid(self, g: Geometry, channels: int) -> int:
        source = self.tensors[-1]
        height = (source.height - 1) // g.stride_h + 1
        return self._tensor(height, (source.width - 1) // g.stride_w + 1, channels)

    def rescale(self) -> None:
        """A stand-alone clamp."""
        name, source = self._name, len(self.tensors) - 1
        self.ops.append(Requantize(name, source, self._tensor(*self.tensors[-1].shape), RELU))

    def add(self) -> None:
        """The sum of the two newest tensors, which have one shape."""
        name, source = self._name, len(self.tensors) - 1
        target = self._tensor(*self.tensors[-1].shape)
        self.ops.append(Add(name, source - 1, source, target))

    def softmax(self) -> None:
        """Over the channels of every pixel."""
        name, source = self._name, len(self.tensors) - 1
        self.ops.append(Softmax(name, source, self._tensor(*self.tensors[-1].shape)))
        probability = Quantization(1 / 256, -128)
        last = self.tensors[-1]
        self.tensors[-1] = Tensor(
            last.name, last.height, last.width, last.channels, probability, last.onnx_shape
        )

    def average(self) -> None:
        """The global average."""
        name, source = self._name, len(self.tensors) - 1
        target = self._tensor(1, 1, self.tensors[-1].channels)
        self.ops.append(GlobalAveragePool(name, source, target))

    def model(self, name: str) -> Model:
        """The network."""
        ports = [
            Port(tensor.name, index, tensor.onnx_shape, Order.CHW, "int8")
            for index, tensor in ((0, self.tensors[0]), (len(self.ops), self.tensors[-1]))
        ]
        model = (tuple(self.tensors), tuple(self.ops), ports[0], (ports[1],))
        return Model(name, "", *model)


def layers() -> Model:
    """Every op but depthwise, alone."""
    net = Sample((4, 21, 3))
    for outputs, kernel in ((8, 3), (16, 3), (3, 5), (16, 3), (40, 3), (12, 2)):
        net.conv(outputs, kernel)
    net.conv(8, 1, width=3)
    for outputs in (48, 8, 16, 4, 24, 64, 20, 96, 32, 160, 64, 320, 24, 12):
        net.conv(outputs, 1)
        if outputs in (8, 24, 64):
            net.rescale()
            net.add()
            net.pool(3, average=False)
            net.pool(2, average=True)
        if outputs in (64, 20):
            net.pool(2, average=False)
            net.pool(3, average=True)
    net.softmax()
    net.conv(32, 3, 2)
    net.average()
    for outputs in (200, 24, 10):
        net.conv(outputs, 1)
    net.softmax()
    return net.model("layers")


def odd() -> Model:
    """Convolutions whose inputs and outputs do not come in fours."""
    net = Sample((4, 21, 3))
    net.conv(7, 3)
    for outputs in (11, 11, 5, 30, 8, 6, 48, 11, 66, 22, 132, 57, 15, 25, 2, 106, 60, 31):
        net.conv(outputs, 1)
    net.conv(9, 3)
    net.conv(10, 3)
    return net.model("odd")


def averages() -> Model:
    """Global averages, each behind a pointwise layer."""
    net = Sample((6, 13, 8))
    net.conv(40, 1)
    net.average()
    return net.model("averages")


def pairs() -> Model:
    """Pointwise and depthwise layers in turn."""
    net = Sample((20, 41, 8))
    wide = ((3, 1, 8), (3, 1, 24), (5, 1, 8), (7, 1, 8), (3, 2, 16))
    middle = ((3, 1, 48), (5, 1, 24), (7, 1, 24), (4, 1, 16), (5, 2, 24))
    narrow = ((3, 1, 64), (5, 1, 40), (7, 1, 40), (4, 1, 40), (3, 1, 128), (2, 1, 24), (7, 2, 16))
    last = ((3, 1, 96), (5, 1, 64), (3, 2, 48))
    for kernel, stride, channels in (*wide, *middle, *narrow, *last):
        net.conv(channels, 1)
        net.depthwise(kernel, stride)
    net.conv(8, 1)
    return net.model("pairs")


def strided() -> Model:
    """Likewise, depthwise layers of stride 2."""
    net = Sample((42, 81, 4))
    for kernel, channels in ((5, 8), (7, 16), (3, 40), (7, 48)):
        net.conv(channels, 1)
        net.depthwise(kernel, 2)
    net.conv(8, 1)
    return net.model("strided")
