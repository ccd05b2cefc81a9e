"""A conditioned network as int8 QDQ ONNX, with the nodes where onnxruntime's tools put them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from msfcnn.zoo.layers import (
    Activation,
    AddLayer,
    ConvLayer,
    DenseLayer,
    Drawing,
    Layer,
    PoolLayer,
    SoftmaxLayer,
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
    """Writes a drawing with its weights as a QDQ graph, layer by layer."""

    def __init__(self, net: Drawing, trained: Trained) -> None:
        self.net = net
        self.trained = trained
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.scales: list[float] = []
        self.values: list[str] = []  # dequantized, one per value of the drawing

    def model(self, name: str) -> onnx.ModelProto:
        """The ONNX model; its last value is renamed to `scores`."""
        height, width, channels = self.net.image
        self.quantized("image", "image", *_affine(*self.trained.ranges[0]))
        for index, layer in enumerate(self.net.layers):
            self.layer(index, layer)
        self.nodes[-1].output[0] = "scores"
        image = helper.make_tensor_value_info(
            "image", TensorProto.FLOAT, [1, channels, height, width]
        )
        scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, self.output_shape())
        graph = helper.make_graph(self.nodes, name, [image], [scores], self.constants)
        opsets = [helper.make_opsetid("", OPSET)]
        return helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name=PRODUCER
        )

    def output_shape(self) -> list[int]:
        height, width, channels = self.net.shapes[-1]
        flat = isinstance(self.net.layers[-1], DenseLayer | SoftmaxLayer)
        return [1, channels] if flat else [1, channels, height, width]

    def layer(self, index: int, layer: Layer) -> None:
        """Appends a layer, its activation and the quantization of its result."""
        quantization = _affine(*self.trained.ranges[index + 1])
        match layer:
            case ConvLayer():
                y = self.conv(layer, self.trained.weights[index])
            case DenseLayer():
                y = self.dense(layer, self.trained.weights[index])
            case AddLayer():
                y = self.node(
                    "Add", layer.name, [self.values[layer.left], self.values[layer.right]]
                )
                y = self.activation(layer.name, layer.activation, y)
            case PoolLayer():
                y = self.node("GlobalAveragePool", layer.name, [self.values[layer.source]])
            case SoftmaxLayer():
                y = self.node("Softmax", layer.name, [self.values[layer.source]], axis=-1)
                quantization = SOFTMAX
        self.quantized(layer.name, y, *quantization)

    def conv(self, layer: ConvLayer, weights: Weights) -> str:
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
        """Weights and bias behind their DequantizeLinear nodes."""
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
        self.values.append(
            self.node("DequantizeLinear", f"{name}/dequantize", [stored, *parameters])
        )
        self.scales.append(scale)

    def constant(self, name: str, value: NDArray[np.generic] | np.generic) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, op: str, name: str, inputs: Sequence[str], **attributes: Any) -> str:
        output = f"{name}:0"
        self.nodes.append(helper.make_node(op, inputs, [output], name=name, **attributes))
        return output


def _affine(low: float, high: float) -> tuple[float, int]:
    """Scale and zero point of int8 for a range that includes zero."""
    scale = float(_coarse(np.float64(max(high - low, 1e-6) / 255)))
    return scale, int(np.clip(np.rint(-128 - low / scale), -128, 127))


def _coarse(scale: NDArray[np.float64] | np.float64) -> NDArray[np.float32]:
    """Scales with `SCALE_BITS` bits, so that the last bits of a measurement do not show."""
    mantissa, exponent = np.frexp(scale)
    rounded = np.rint(mantissa * 2**SCALE_BITS) / 2**SCALE_BITS
    return np.asarray(np.ldexp(rounded, exponent), dtype=np.float32)
