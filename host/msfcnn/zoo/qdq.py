"""A conditioned network as int8 QDQ ONNX, with the nodes where onnxruntime's tools put them.

Activations have one scale and zero point, weights a scale for each output channel and zero point 0,
biases are int32 in input scale * weight scale: what onnxruntime calls static QDQ quantization.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from msfcnn.zoo.drawing import Drawing
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
    ShuffleLayer,
    SliceLayer,
    SoftmaxLayer,
    WindowPoolLayer,
)
from msfcnn.zoo.weights import Trained, Weights

OPSET = 17
IR_VERSION = 8
PRODUCER = "msfcnn zoo"
SCALE_BITS = 16  # of a scale's mantissa: see weights.py
SOFTMAX = (1 / 256, -128)  # scale and zero point that cover 0 .. 1


def write(name: str, net: Drawing, trained: Trained) -> onnx.ModelProto:
    """The network: float32 NCHW in and out, QuantizeLinear first and DequantizeLinear last."""
    return _Writer(net, trained).model(name)


class _Writer:
    """Writes a drawing with its weights as a QDQ graph, layer by layer.

    nodes, constants: of the graph so far. values: names of the values, dequantized, by number;
    scales: of these values. Methods append what they need and return the name of what it makes.
    """

    def __init__(self, net: Drawing, trained: Trained) -> None:
        self.net = net
        self.trained = trained
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.scales: list[float] = []
        self.values: list[str] = []  # dequantized, one per value of the drawing

    def model(self, name: str) -> onnx.ModelProto:
        """The ONNX model; outputs are named by their layers, a single one `scores`."""
        height, width, channels = self.net.image
        self.quantized("image", "image", *_affine(*self.trained.ranges[0]))
        for index, layer in enumerate(self.net.layers):
            self.layer(index, layer)
        image = helper.make_tensor_value_info(
            "image", TensorProto.FLOAT, [1, channels, height, width]
        )
        outputs = [self.output(value) for value in self.outputs()]
        graph = helper.make_graph(self.nodes, name, [image], outputs, self.constants)
        opsets = [helper.make_opsetid("", OPSET)]
        return helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name=PRODUCER
        )

    def outputs(self) -> list[int]:
        """Values that leave the network."""
        return self.net.outputs or [self.net.value]

    def output(self, value: int) -> onnx.ValueInfoProto:
        """What an output is in ONNX."""
        height, width, channels = self.net.shapes[value]
        flat = _is_flat(self.net, value)
        shape = [1, channels] if flat else [1, channels, height, width]
        return helper.make_tensor_value_info(self.values[value], TensorProto.FLOAT, shape)

    def layer(self, index: int, layer: Layer) -> None:
        """Appends a layer, its activation and the quantization of its result."""
        quantization = _affine(*self.trained.ranges[index + 1])
        inputs = [self.values[source] for source in layer.inputs]
        match layer:
            case ConvLayer():
                y = self.conv(layer, self.trained.weights[index])
            case DenseLayer():
                y = self.dense(layer, self.trained.weights[index])
            case AddLayer():
                y = self.activation(
                    layer.name, layer.activation, self.node("Add", layer.name, inputs)
                )
            case SoftmaxLayer():
                axis = -1 if _is_flat(self.net, index + 1) else 1
                y = self.node("Softmax", layer.name, inputs, axis=axis)
                quantization = SOFTMAX
            case _:
                y = self.plain(layer, inputs)
        self.quantized(layer.name, y, *quantization)

    def plain(self, layer: Layer, inputs: list[str]) -> str:
        """The nodes of a layer that has neither weights nor a scale of its own choice."""
        name = layer.name
        match layer:
            case PoolLayer():
                return self.node("GlobalAveragePool", name, inputs)
            case GateLayer():
                return self.node("Mul", name, inputs)
            case ConcatLayer():
                return self.node("Concat", name, inputs, axis=1)
            case FunctionLayer():
                bends = {"alpha": 1 / 6} if layer.function is Function.HARD_SIGMOID else {}
                return self.node(layer.function.value, name, inputs, **bends)
            case WindowPoolLayer():
                kind = "AveragePool" if layer.average else "MaxPool"
                size, stride = [layer.kernel] * 2, [layer.stride] * 2
                pads = list(layer.pads)
                return self.node(kind, name, inputs, kernel_shape=size, strides=stride, pads=pads)
            case EnlargeLayer():
                scales = self.constant(f"{name}/scales", np.array([1, 1, 2, 2], np.float32))
                ways = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric"}
                return self.node(
                    "Resize", name, [*inputs, "", scales], nearest_mode="floor", **ways
                )
            case ShuffleLayer():
                return self.shuffled(layer, inputs[0])
            case SliceLayer():
                bounds = {"first": layer.first, "end": layer.end, "axis": 1}
                given = [
                    self.constant(f"{name}/{key}", np.array([value], np.int64))
                    for key, value in bounds.items()
                ]
                return self.node("Slice", name, [*inputs, *given])
        raise TypeError(f"{type(layer).__name__} is no plain layer")

    def shuffled(self, layer: ShuffleLayer, x: str) -> str:
        """Channels as a table of groups, turned, as PyTorch exports it."""
        height, width, channels = self.net.shapes[layer.source]
        table = [1, layer.groups, channels // layer.groups, height, width]
        shapes = [
            self.constant(f"{layer.name}/{part}", np.array(shape, np.int64))
            for part, shape in (("table", table), ("flat", [1, channels, height, width]))
        ]
        grouped = self.node("Reshape", f"{layer.name}/split", [x, shapes[0]])
        turned = self.node("Transpose", f"{layer.name}/turn", [grouped], perm=[0, 2, 1, 3, 4])
        return self.node("Reshape", f"{layer.name}/join", [turned, shapes[1]])

    def conv(self, layer: ConvLayer, weights: Weights) -> str:
        """A Conv with its activation, which stands before the QuantizeLinear and costs nothing."""
        inputs = [
            self.values[layer.source],
            *self.parameters(layer.name, weights, self.scales[layer.source]),
        ]
        y = self.node(
            "Conv",
            layer.name,
            inputs,
            kernel_shape=list(layer.kernel),
            strides=[layer.stride] * 2,
            pads=list(layer.pads),
            group=layer.outputs if layer.depthwise else 1,
        )
        return self.activation(layer.name, layer.activation, y)

    def dense(self, layer: DenseLayer, weights: Weights) -> str:
        """A Flatten and a Gemm with transB = 1, as PyTorch exports a linear layer."""
        flat = self.node("Flatten", f"{layer.name}/flatten", [self.values[layer.source]], axis=1)
        matrix = Weights(weights.weights[:, :, 0, 0], weights.bias)
        parameters = self.parameters(layer.name, matrix, self.scales[layer.source])
        return self.node("Gemm", layer.name, [flat, *parameters], transB=1)

    def activation(self, name: str, activation: Activation, x: str) -> str:
        if activation is Activation.NONE:
            return x
        if activation is Activation.RELU:
            return self.node("Relu", f"{name}/relu", [x])
        bounds = [
            self.constant(f"{name}/{end}", np.float32(value))
            for end, value in (("low", 0), ("high", 6))
        ]
        return self.node("Clip", f"{name}/relu6", [x, *bounds])

    def parameters(self, name: str, weights: Weights, input_scale: float) -> list[str]:
        """Weights and bias behind their DequantizeLinear nodes.

        Weights are stored symmetric, -127 to 127, in steps of their channel's largest magnitude /
        127. input_scale: of the value that is read, as it is part of the bias' scale.
        """
        flat = weights.weights.reshape(len(weights.weights), -1)
        scale = _coarse(np.maximum(np.abs(flat).max(axis=1), 1e-6) / 127)
        stored = np.rint(flat / scale[:, None]).astype(np.int8).reshape(weights.weights.shape)
        bias_scale = (scale * np.float32(input_scale)).astype(np.float32)
        bias = np.rint(weights.bias / bias_scale).astype(np.int32)
        return [
            self.dequantized(f"{name}/weights", stored, scale),
            self.dequantized(f"{name}/bias", bias, bias_scale),
        ]

    def dequantized(
        self, name: str, stored: NDArray[np.generic], scale: NDArray[np.float32]
    ) -> str:
        """A constant as integers, and the node that makes them real."""
        zero = np.zeros(len(scale), dtype=stored.dtype)
        names = [
            self.constant(f"{name}/{part}", value)
            for part, value in (("stored", stored), ("scale", scale), ("zero", zero))
        ]
        return self.node("DequantizeLinear", name, names, axis=0)

    def quantized(self, name: str, x: str, scale: float, zero_point: int) -> None:
        """A QuantizeLinear and its DequantizeLinear, which make the next value."""
        parameters = [
            self.constant(f"{name}/scale", np.float32(scale)),
            self.constant(f"{name}/zero_point", np.int8(zero_point)),
        ]
        stored = self.node("QuantizeLinear", f"{name}/quantize", [x, *parameters])
        real = self.node("DequantizeLinear", f"{name}/dequantize", [stored, *parameters])
        if len(self.values) in self.outputs():
            real = self.nodes[-1].output[0] = name if self.net.outputs else "scores"
        self.values.append(real)
        self.scales.append(scale)

    def constant(self, name: str, value: NDArray[np.generic] | np.generic) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, op: str, name: str, inputs: Sequence[str], **attributes: Any) -> str:
        output = f"{name}:0"
        self.nodes.append(helper.make_node(op, inputs, [output], name=name, **attributes))
        return output


def _is_flat(net: Drawing, value: int) -> bool:
    """Whether a value is a vector in ONNX: scores of a dense layer."""
    layer = net.layers[value - 1]
    if isinstance(layer, SoftmaxLayer):
        return _is_flat(net, layer.source)
    return isinstance(layer, DenseLayer)


def _affine(low: float, high: float) -> tuple[float, int]:
    """Scale and zero point of int8 for a range that includes zero."""
    scale = float(_coarse(np.float64(max(high - low, 1e-6) / 255)))
    return scale, int(np.clip(np.rint(-128 - low / scale), -128, 127))


def _coarse(scale: NDArray[np.float64] | np.float64) -> NDArray[np.float32]:
    """Scales with `SCALE_BITS` bits, so that the last bits of a measurement do not show.

    Sums in float64 differ between processors in their last bits; with all of them the file would,
    too, and the same seed would not give the same bytes everywhere.
    """
    mantissa, exponent = np.frexp(scale)
    rounded = np.rint(mantissa * 2**SCALE_BITS) / 2**SCALE_BITS
    return np.asarray(np.ldexp(rounded, exponent), dtype=np.float32)
