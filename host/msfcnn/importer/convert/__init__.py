"""One handler per ONNX operator: from a node to what is known about its first output."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msfcnn.importer.builder import Builder
from msfcnn.importer.convert.concat import concat
from msfcnn.importer.convert.constant import constant
from msfcnn.importer.convert.conv import conv
from msfcnn.importer.convert.dense import gemm, matmul
from msfcnn.importer.convert.elementwise import add, clip, relu
from msfcnn.importer.convert.layout import (
    dropout,
    flatten,
    identity,
    reshape,
    squeeze,
    transpose,
    unsqueeze,
)
from msfcnn.importer.convert.pad import pad
from msfcnn.importer.convert.pool import average_pool, global_average_pool, max_pool, reduce_mean
from msfcnn.importer.convert.softmax import softmax
from msfcnn.importer.graph import Node
from msfcnn.importer.qdq import dequantize, quantize
from msfcnn.importer.values import Value

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
