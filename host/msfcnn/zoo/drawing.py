"""A network under construction: layers by name, each with the shape of what it makes.

Methods append a layer behind the newest value unless they are told a source, and return the number
of the new value, so that an architecture reads like its paper. Shapes come from here alone: the
evaluation and the ONNX writer take them as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from msfcnn.zoo.layers import (
    Activation,
    AddLayer,
    ConcatLayer,
    ConvLayer,
    DenseLayer,
    EnlargeLayer,
    Function,
    FunctionLayer,
    GateLayer,
    Layer,
    PoolLayer,
    Shape,
    ShuffleLayer,
    SliceLayer,
    SoftmaxLayer,
    WindowPoolLayer,
)


class Drawing:
    """Layers and the shapes of the values. Value 0 is the image, value i + 1 what layer i makes.

    same_padding: as TensorFlow pads; else half the kernel all around.
    outputs: values that leave the network; none named: the last one.
    """

    def __init__(self, image: Shape, same_padding: bool = False) -> None:
        self.image, self.same_padding = image, same_padding
        self.layers: list[Layer] = []
        self.shapes: list[Shape] = [image]
        self.outputs: list[int] = []

    @property
    def value(self) -> int:
        """The newest value."""
        return len(self.layers)

    @property
    def channels(self) -> int:
        """Those of the newest value."""
        return self.shapes[self.value][2]

    def conv(
        self,
        name: str,
        outputs: int,
        kernel: int | tuple[int, int] = 1,
        stride: int = 1,
        activation: Activation | Function = Activation.NONE,
        source: int | None = None,
    ) -> int:
        """A convolution of the newest value, or of `source`.

        name: of the layer and of its ONNX node. kernel: its size, or rows and columns. activation:
        a Relu or Clip is part of the layer, a Function a layer of its own behind it.
        """
        origin = self.value if source is None else source
        return self._conv(name, origin, outputs, kernel, stride, activation, depthwise=False)

    def depthwise(
        self,
        name: str,
        kernel: int,
        stride: int = 1,
        activation: Activation | Function = Activation.NONE,
        source: int | None = None,
    ) -> int:
        """A depthwise convolution of the newest value, or of `source`; channels stay as many."""
        origin = self.value if source is None else source
        channels = self.shapes[origin][2]
        return self._conv(name, origin, channels, kernel, stride, activation, depthwise=True)

    def add(self, name: str, left: int, right: int, activation: Activation) -> int:
        """A residual: the sum of two values of one shape."""
        return self._append(AddLayer(name, left, right, activation), self.shapes[left])

    def gate(self, name: str, source: int, gate: int) -> int:
        """A map times a vector: gate is a value of 1 x 1 x as many channels as `source` has."""
        return self._append(GateLayer(name, source, gate), self.shapes[source])

    def concat(self, name: str, sources: Sequence[int]) -> int:
        """Maps beside each other."""
        height, width, _ = self.shapes[sources[0]]
        channels = sum(self.shapes[source][2] for source in sources)
        return self._append(ConcatLayer(name, tuple(sources)), (height, width, channels))

    def window_pool(
        self,
        name: str,
        kernel: int,
        stride: int,
        average: bool = False,
        source: int | None = None,
    ) -> int:
        """Maximum (or mean) of windows of the newest value, or of `source`."""
        origin = self.value if source is None else source
        height, width, channels = self.shapes[origin]
        rows, top, bottom = self._slide(height, kernel, stride)
        columns, left, right = self._slide(width, kernel, stride)
        pads = (top, left, bottom, right)
        layer = WindowPoolLayer(
            name=name, source=origin, kernel=kernel, stride=stride, pads=pads, average=average
        )
        return self._append(layer, (rows, columns, channels))

    def enlarge(self, name: str) -> int:
        """The newest value twice as high and wide."""
        height, width, channels = self.shapes[self.value]
        return self._append(EnlargeLayer(name, self.value), (2 * height, 2 * width, channels))

    def shuffle(self, name: str, groups: int) -> int:
        """Channels of the newest value mixed; groups: what divides their number."""
        return self._append(ShuffleLayer(name, self.value, groups), self.shapes[self.value])

    def part(self, name: str, source: int, first: int, end: int) -> int:
        """Some channels of a value."""
        height, width, _ = self.shapes[source]
        return self._append(SliceLayer(name, source, first, end), (height, width, end - first))

    def pool(self, name: str) -> int:
        """The global average of the newest value."""
        return self._append(PoolLayer(name, self.value), (1, 1, self.channels))

    def dense(self, name: str, outputs: int) -> int:
        """Scores from the newest value, a pooled one."""
        return self._append(DenseLayer(name, self.value, outputs), (1, 1, outputs))

    def softmax(self, name: str) -> int:
        """Probabilities from the newest value, at each place."""
        return self._append(SoftmaxLayer(name, self.value), self.shapes[self.value])

    def classify(self, classes: int, softmax: bool) -> None:
        """Global average, dense layer, and softmax if the published network has one."""
        self.pool("head/pool")
        self.dense("head/classify", classes)
        if softmax:
            self.softmax("head/softmax")

    def _conv(
        self,
        name: str,
        origin: int,
        outputs: int,
        kernel: int | tuple[int, int],
        stride: int,
        activation: Activation | Function,
        depthwise: bool,
    ) -> int:
        """Appends a convolution, and the function behind it if there is one."""
        height, width, _ = self.shapes[origin]
        kernel_h, kernel_w = (kernel, kernel) if isinstance(kernel, int) else kernel
        rows, top, bottom = self._slide(height, kernel_h, stride)
        columns, left, right = self._slide(width, kernel_w, stride)
        function = activation if isinstance(activation, Function) else None
        layer = ConvLayer(
            name=name,
            source=origin,
            outputs=outputs,
            kernel=(kernel_h, kernel_w),
            stride=stride,
            pads=(top, left, bottom, right),
            depthwise=depthwise,
            activation=Activation.NONE if isinstance(activation, Function) else activation,
            then=function,
        )
        value = self._append(layer, (rows, columns, outputs))
        if function is None:
            return value
        own = FunctionLayer(f"{name}/{function.value.lower()}", value, function)
        return self._append(own, self.shapes[value])

    def _slide(self, extent: int, kernel: int, stride: int) -> tuple[int, int, int]:
        """Positions of a kernel along an axis, and the padding at either end.

        TensorFlow's SAME padding gives ceil(extent / stride) positions and puts an odd pixel at the
        end. PyTorch's habit is kernel // 2 at both ends; even kernels are padded one less, so that
        a pool of 2x2 is not padded at all.
        """
        before = after = kernel // 2
        if self.same_padding:
            total = max(0, (-(-extent // stride) - 1) * stride + kernel - extent)
            before, after = total // 2, total - total // 2
        elif kernel % 2 == 0:
            before = after = kernel // 2 - 1
        return (extent + before + after - kernel) // stride + 1, before, after

    def _append(self, layer: Layer, shape: Shape) -> int:
        self.layers.append(layer)
        self.shapes.append(shape)
        return self.value
