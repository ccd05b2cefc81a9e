"""The quantized network as immutable data: tensors in NHWC order and the ops between them."""

from msfcnn.ir.model import InputMode, Model, Port
from msfcnn.ir.ops import (
    Add,
    AveragePool,
    Clamp,
    Concat,
    Conv,
    Geometry,
    GlobalAveragePool,
    MaxPool,
    Op,
    Requantize,
    Reshape,
    Softmax,
)
from msfcnn.ir.tensor import Order, Quantization, Tensor

__all__ = [
    "Add",
    "AveragePool",
    "Clamp",
    "Concat",
    "Conv",
    "Geometry",
    "GlobalAveragePool",
    "InputMode",
    "MaxPool",
    "Model",
    "Op",
    "Order",
    "Port",
    "Quantization",
    "Requantize",
    "Reshape",
    "Softmax",
    "Tensor",
]
