"""One handler per ONNX operator: from a node to what is known about its first output."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msfcnn.frontend.onnx.builder import Builder
from msfcnn.frontend.onnx.convert.concat import concat
from msfcnn.frontend.onnx.convert.constant import constant
from msfcnn.frontend.onnx.convert.conv import conv
from msfcnn.frontend.onnx.convert.dense import gemm, matmul
from msfcnn.frontend.onnx.convert.elementwise import add, clip, relu
from msfcnn.frontend.onnx.convert.layout import (
    dropout,
    flatten,
    identity,
    reshape,
    squeeze,
    transpose,
    unsqueeze,
)
from msfcnn.frontend.onnx.convert.pad import pad
from msfcnn.frontend.onnx.convert.pool import (
    average_pool,
    global_average_pool,
    max_pool,
    reduce_mean,
)
from msfcnn.frontend.onnx.convert.softmax import softmax
from msfcnn.frontend.onnx.graph import Node
from msfcnn.frontend.onnx.qdq import dequantize, quantize
from msfcnn.frontend.onnx.values import Value

Handler = Callable[[Builder, Node], Value]

HANDLERS: Mapping[str, Handler] = {
    "Add": add,
    "AveragePool": average_pool,
    "Clip": clip,
    "Concat": concat,
    "Constant": constant,
    "Conv": conv,
    "DequantizeLinear": dequantize,
    "Dropout": dropout,
    "Flatten": flatten,
    "Gemm": gemm,
    "GlobalAveragePool": global_average_pool,
    "Identity": identity,
    "MatMul": matmul,
    "MaxPool": max_pool,
    "Pad": pad,
    "QuantizeLinear": quantize,
    "ReduceMean": reduce_mean,
    "Relu": relu,
    "Reshape": reshape,
    "Softmax": softmax,
    "Squeeze": squeeze,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}

__all__ = ["HANDLERS", "Handler"]
