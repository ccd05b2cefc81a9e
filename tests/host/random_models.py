"""Small random networks, built directly as models: every op, odd geometry, extreme weights.

`random_model(seed)` is deterministic. Activations are well spread: each tensor's scale and zero
point fit the values that random images give it, so that neither saturation nor constants hide a
mistake.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import (
    Clamp,
    Geometry,
    Model,
    Op,
    Order,
    Port,
    Quantization,
    Tensor,
    without_constants,
)
from msfcnn.ops import (
    Add,
    AveragePool,
    Concat,
    Conv,
    GlobalAveragePool,
    MaxPool,
    Requantize,
    Reshape,
    Softmax,
)
from msfcnn.ops.bilinear import Bilinear, between
from msfcnn.ops.lookup import Lookup
from msfcnn.ops.prelu import Prelu
from msfcnn.ops.upsample import Upsample
from msfcnn.reference import run_op

Shape = tuple[int, int, int]


def random_model(seed: int) -> Model:
    """A network of 3 to 9 ops (some of several) on a small random image."""
    return Builder(np.random.default_rng(seed)).build(f"random{seed}")


def channel_by_channel(seed: int) -> Model:
    """A convolution and one of each op that works channel by channel.

    A depthwise convolution of several outputs a channel in the middle does not.
    """
    net = Builder(np.random.default_rng(seed))
    net.conv(Geometry(2, 2), 1, net.integer(4, 6))
    for multiplier in (1, net.integer(2, 3)):
        net.conv(Geometry(2, 2), net.shape[2], net.shape[2] * multiplier)
        height, width, channels = net.shape
        net.join(Prelu, net.shape, slopes=net.rng.uniform(-0.5, 1, channels))
        net.join(Upsample, (2 * height, 2 * width, channels), rows=2, columns=2)
        net.join(AveragePool, net.shape, geometry=Geometry(1, 1))
        twice = between(Fraction(1, 2), Fraction(-1, 4))
        net.join(Bilinear, (4 * height, 4 * width, channels), rows=twice, columns=twice)
        values = np.sort(net.rng.normal(0, 1, 256))
        net.join(Lookup, net.shape, function="sigmoid", values=values)
        net.join(MaxPool, (2 * height, 2 * width, channels), geometry=Geometry(2, 2, 2, 2))
        net.join(Requantize, net.shape)
        net.conv(Geometry(1, 1), 1, net.integer(4, 6))
    net.join(GlobalAveragePool, (1, 1, net.shape[2]))
    return finished(net, f"channels{seed}", [net.current])


def random_images(model: Model, count: int, seed: int) -> NDArray[np.int8]:
    """int8 [count, H, W, C]: noise, with a brightness and a contrast for each image and channel."""
    rng = np.random.default_rng(seed)
    height, width, channels = model.tensors[model.input.tensor].shape
    noise = rng.uniform(-1, 1, (count, height, width, channels))
    contrast = rng.uniform(20, 140, (count, 1, 1, channels))
    brightness = rng.uniform(-60, 60, (count, 1, 1, channels))
    return np.clip(np.rint(brightness + contrast * noise), -128, 127).astype(np.int8)


def single_op_model(
    op: Op, inputs: Sequence[tuple[Quantization, Shape]], output: tuple[Quantization, Shape]
) -> Model:
    """A model of one op whose inputs are the tensors 0, 1, ... and whose output is the last one.

    inputs, output: quantization and (height, width, channels). The first input is the network's.
    """
    tensors = tuple(
        Tensor(f"t{i}", h, w, c, quantization, (1, c, h, w))
        for i, (quantization, (h, w, c)) in enumerate([*inputs, output])
    )
    source, target = (
        Port(f"p{t}", t, tensors[t].onnx_shape, Order.CHW, "int8") for t in (0, len(inputs))
    )
    return Model("single", "0" * 64, tensors, (op,), source, (target,))


class Builder:
    """A network under construction; `current` is the tensor that the next op reads."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.tensors: list[Tensor] = []
        self.ops: list[Op] = []
        size = self.integer(5, 20), self.integer(5, 20), self.integer(1, 8)
        self.current = self.tensor(*size)

    def join(self, kind: type[Op], shape: tuple[int, int, int], **fields: Any) -> None:
        """An op of the current tensor alone."""
        source, target = self.current, self.tensor(*shape)
        made: Callable[..., Op] = kind
        self.add(made(self.name(), source, target, **fields, clamp=self.clamp()))

    def build(self, name: str) -> Model:
        for _ in range(self.integer(3, 7)):
            self.rng.choice(np.array(self._steps(), dtype=object))()
        outputs = [self.current]
        if len(self.ops) > 2 and self.chance(0.2):
            outputs.append(self.ops[self.integer(0, len(self.ops) - 2)].output)
        if self.chance(0.6):
            outputs[0] = self._head()
        return finished(self, name, outputs)

    def _steps(self) -> list[Callable[[], None]]:
        steps = [self._conv, self._conv, self._depthwise, self._depthwise, self._inverted_residual]
        steps += [self._pointwise, self._residual, self._branches, self._requantize]
        return [*steps, self._max_pool, self._average_pool, self._grouped, self._double]

    def _conv(self) -> None:
        g = self.geometry()
        self.conv(g, groups=1, outputs=self.integer(1, 9))

    def _pointwise(self) -> None:
        self.conv(Geometry(1, 1), 1, self.integer(1, 20))

    def _grouped(self) -> None:
        if self.shape[2] not in (4, 6, 8, 9, 10, 12):
            self.conv(Geometry(1, 1), 1, int(self.rng.choice([4, 6, 9])))
        channels = self.shape[2]
        groups = int(self.rng.choice([d for d in range(2, channels) if channels % d == 0]))
        self.conv(self.geometry(), groups, groups * self.integer(1, 5))

    def _depthwise(self) -> None:
        channels = self.shape[2]
        multiplier = self.integer(1, 3) if self.chance(0.3) else 1
        self.conv(self.geometry(), channels, channels * multiplier)

    def _inverted_residual(self) -> None:
        source, channels = self.current, self.shape[2]
        self.conv(Geometry(1, 1), 1, 2 * channels)
        k = int(self.rng.choice([3, 5]))
        self.conv(Geometry(k, k, 1, 1, 1, 1, *[k // 2] * 4), 2 * channels, 2 * channels)
        self.conv(Geometry(1, 1), 1, channels)
        self.add(Add(self.name(), source, self.current, self.tensor(*self.shape), self.clamp()))

    def _residual(self) -> None:
        source, channels = self.current, self.shape[2]
        self.conv(Geometry(3, 3, 1, 1, 1, 1, 1, 1, 1, 1), 1, channels)
        left, right = (source, self.current) if self.chance(0.5) else (self.current, source)
        self.add(Add(self.name(), left, right, self.tensor(*self.shape), self.clamp()))

    def _double(self) -> None:
        """A sum or a concatenation that reads the same tensor twice."""
        source, (height, width, channels) = self.current, self.shape
        if channels < 16 and self.chance(0.4):
            target = self.tensor(height, width, 2 * channels)
            self.add(Concat(self.name(), (source, source), target, self.clamp()))
        else:
            self.add(Add(self.name(), source, source, self.tensor(*self.shape), self.clamp()))

    def _branches(self) -> None:
        source, parts = self.current, []
        for _ in range(self.integer(2, 3)):
            self.current = source
            k = int(self.rng.choice([1, 3]))
            self.conv(Geometry(k, k, 1, 1, 1, 1, *[k // 2] * 4), 1, self.integer(1, 5))
            parts.append(self.current)
        if self.chance(0.3):
            parts.append(source)
        height, width, _ = self.shape
        channels = sum(self.tensors[t].channels for t in parts)
        target = self.tensor(height, width, channels)
        self.add(Concat(self.name(), tuple(parts), target, self.clamp()))

    def _requantize(self) -> None:
        target = self.tensor(*self.shape)
        self.add(Requantize(self.name(), self.current, target, self.clamp()))

    def _max_pool(self) -> None:
        g = self.geometry()
        target = self.tensor(*self.pooled(g), self.shape[2])
        self.add(MaxPool(self.name(), self.current, target, self.implied(g), self.clamp()))

    def _average_pool(self) -> None:
        g = self.geometry()
        target = self.tensor(*self.pooled(g), self.shape[2])
        g, include = self.implied(g), self.chance(0.5)
        self.add(AveragePool(self.name(), self.current, target, g, include, self.clamp()))

    def _head(self) -> int:
        height, width, channels = self.shape
        if self.chance(0.5):
            target = self.tensor(1, 1, channels)
            self.add(GlobalAveragePool(self.name(), self.current, target, self.clamp()))
        elif height * width > 1:
            target = self.tensor(1, 1, height * width * channels)
            quantization = self.tensors[self.current].quantization
            self.tensors[target] = dataclasses.replace(
                self.tensors[target], quantization=quantization
            )
            self.add(Reshape(self.name(), self.current, target))
        self.conv(Geometry(1, 1), 1, self.integer(2, 12))
        if self.chance(0.5):
            self.add(Softmax(self.name(), self.current, self.tensor(*self.shape)))
        return self.current

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.tensors[self.current].shape

    def integer(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def name(self) -> str:
        return f"op{len(self.ops)}"

    def clamp(self) -> Clamp:
        if self.chance(0.7):
            return Clamp()
        return Clamp(self.integer(-128, -60), self.integer(60, 127))

    def tensor(self, height: int, width: int, channels: int) -> int:
        scale = float(self.rng.uniform(0.01, 0.1))
        quantization = Quantization(scale, self.integer(-128, 127))
        shape = (1, channels, height, width)
        name = f"t{len(self.tensors)}"
        self.tensors.append(Tensor(name, height, width, channels, quantization, shape))
        return len(self.tensors) - 1

    def add(self, op: Op) -> None:
        self.ops.append(op)
        self.current = op.output

    def implied(self, g: Geometry) -> Geometry:
        """Sometimes without the padding at the end, which the output's size then implies."""
        return dataclasses.replace(g, pad_bottom=0, pad_right=0) if self.chance(0.15) else g

    def conv(self, geometry: Geometry, groups: int, outputs: int) -> None:
        source = self.tensors[self.current]
        depth = source.channels // groups
        limit = 127 if self.chance(0.7) else self.integer(1, 40)
        shape = (outputs, geometry.kernel_h, geometry.kernel_w, depth)
        weights = self.rng.integers(-limit, limit + 1, shape, dtype=np.int8)
        if self.chance(0.1):
            weights[:] = self.rng.choice(np.array([-128, 127], dtype=np.int8), shape)
        scale = self.rng.uniform(0.001, 0.02, outputs)
        if outputs > 1 and self.chance(0.2):
            scale[self.integer(0, outputs - 1)] = 1e-12  # a dead channel
        bias = self.rng.integers(-3000, 3001, outputs)
        target = self.tensor(*self.pooled(geometry), outputs)
        g, clamp = self.implied(geometry), self.clamp()
        self.add(Conv(self.name(), self.current, target, g, groups, weights, scale, bias, clamp))

    def geometry(self) -> Geometry:
        """A kernel that fits, with any stride, dilation and padding."""
        height, width, _ = self.shape
        kernel = [self.integer(1, min(7, extent)) for extent in (height, width)]
        stride = [self.integer(1, 3) if self.chance(0.5) else 1 for _ in range(2)]
        dilation = [
            self.integer(1, _roomiest(extent, k)) if self.chance(0.25) else 1
            for k, extent in zip(kernel, (height, width), strict=True)
        ]
        pads = [
            self.integer(0, k - 1) if self.chance(0.7) else 0
            for k in (kernel[0], kernel[1], kernel[0], kernel[1])
        ]
        return Geometry(*kernel, *stride, *dilation, *pads)

    def pooled(self, g: Geometry) -> tuple[int, int]:
        """Height and width of the output of a sliding kernel."""
        height, width, _ = self.shape
        rows = (height + g.pad_top + g.pad_bottom - g.extent_h) // g.stride_h + 1
        columns = (width + g.pad_left + g.pad_right - g.extent_w) // g.stride_w + 1
        return rows, columns

    def port(self, name: str, tensor: int) -> Port:
        return Port(name, tensor, self.tensors[tensor].onnx_shape, Order.CHW, "int8")


def finished(builder: Builder, name: str, outputs: Sequence[int]) -> Model:
    """What was built, with well spread activations and without dead ops."""
    ports = tuple(builder.port(f"y{i}", t) for i, t in enumerate(dict.fromkeys(outputs)))
    tensors, ops = tuple(builder.tensors), tuple(builder.ops)
    model = Model(name, "0" * 64, tensors, ops, builder.port("x", 0), ports)
    return _spread(_without_dead_ops(model))


def _roomiest(extent: int, kernel: int) -> int:
    """The largest dilation up to 3 with which a kernel fits; any does for a single tap."""
    return 3 if kernel == 1 else max(1, min(3, (extent - 1) // (kernel - 1)))


def _without_dead_ops(model: Model) -> Model:
    """Ops that no output depends on go, as the importer would drop them."""
    needed = {port.tensor for port in model.outputs}
    for op in reversed(model.ops):
        if op.output in needed:
            needed.update(op.inputs)
    index = {old: new for new, old in enumerate(sorted(needed | {model.input.tensor}))}
    ops = tuple(op.rewired(index) for op in model.ops if op.output in needed)
    ports = tuple(dataclasses.replace(p, tensor=index[p.tensor]) for p in model.outputs)
    tensors = tuple(model.tensors[t] for t in index)
    source = dataclasses.replace(model.input, tensor=index[model.input.tensor])
    return dataclasses.replace(model, tensors=tensors, ops=ops, outputs=ports, input=source)


def _spread(model: Model) -> Model:
    """Fits the quantization of every tensor to the values of random images, in execution order."""
    rng = np.random.default_rng(len(model.ops))
    values = {model.input.tensor: random_images(model, 2, 99)}
    for op in model.ops:
        inputs = [values[t] for t in op.inputs]
        if isinstance(op, Reshape):
            model = _quantized(model, op.output, model.tensors[op.input].quantization)
        elif isinstance(op, Softmax):
            model = _calmed(_quantized(model, op.output, _probability(rng)), op, rng)
        else:
            model = _fitted(model, op, inputs, rng)
        values[op.output] = run_op(model, op, inputs)
    return model


def _probability(rng: np.random.Generator) -> Quantization:
    """What converters give the output of a softmax, or something else that holds 0 to 1."""
    if rng.random() < 0.5:
        return Quantization(1 / 256, -128)
    scale = float(rng.uniform(1 / 250, 1 / 60))
    return Quantization(scale, int(rng.integers(-128, 128 - int(1 / scale))))


def _calmed(model: Model, op: Softmax, rng: np.random.Generator) -> Model:
    """With smaller logits, so that not one of them takes all.

    The weights of the Conv in front shrink with the scale of its output: its bytes stay the same.
    """
    quantization = model.tensors[op.input].quantization
    scale = float(rng.uniform(0.005, 0.06))
    ops = tuple(
        dataclasses.replace(o, weight_scale=o.weight_scale * (scale / quantization.scale))
        if isinstance(o, Conv) and o.output == op.input
        else o
        for o in model.ops
    )
    model = dataclasses.replace(model, ops=ops)
    return _quantized(model, op.input, Quantization(scale, quantization.zero_point))


def _fitted(
    model: Model, op: Op, inputs: Sequence[NDArray[np.int8]], rng: np.random.Generator
) -> Model:
    """With an output quantization in which the middle 96 % of the values span 120 to 330 steps.

    The op's own clamp is left out of account: it is part of what is tested.
    """
    assert not isinstance(op, Reshape | Softmax), "has no clamp"
    free, span = dataclasses.replace(op, clamp=Clamp()), rng.uniform(120, 330)
    for _ in range(12):
        model = _computable(model, op)
        old = model.tensors[op.output].quantization
        stored = run_op(model, free, inputs)
        low, high = np.quantile(stored.astype(np.float64) - old.zero_point, [0.02, 0.98])
        clipped, middle = float(np.isin(stored, (-128, 127)).mean()), (low + high) / 2
        factor = max(high - low, 1.0) / span
        factor = 4.0 if clipped > 0.3 else max(factor, abs(middle) / 200)
        if 0.7 < factor < 1.4 and abs(middle + old.zero_point) < 70:
            break
        zero = int(np.clip(round(-middle / factor + rng.uniform(-30, 30)), -128, 127))
        model = _quantized(model, op.output, Quantization(old.scale * factor, zero))
    return _computable(model, op)


def _computable(model: Model, op: Op) -> Model:
    """With a scale of the output for which the op's constants exist."""
    while without_constants(dataclasses.replace(model, ops=(op,))):
        old = model.tensors[op.output].quantization
        model = _quantized(model, op.output, Quantization(old.scale * 4, old.zero_point))
    return model


def _quantized(model: Model, tensor: int, quantization: Quantization) -> Model:
    tensors = list(model.tensors)
    tensors[tensor] = dataclasses.replace(tensors[tensor], quantization=quantization)
    return dataclasses.replace(model, tensors=tuple(tensors))
