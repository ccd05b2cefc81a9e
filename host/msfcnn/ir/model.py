"""The network: tensors, ops in execution order, its input and its outputs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from msfcnn.ir.ops import Conv, Op
from msfcnn.ir.tensor import Order, Tensor


class InputMode(Enum):
    """How the image reaches the network.

    IMAGE: whole, owned by the caller. PUSH: row by row, as a camera delivers it. PULL: a function
    of the caller fetches the rectangles that are needed.
    """

    IMAGE = "image"
    PUSH = "push"
    PULL = "pull"


@dataclass(frozen=True)
class Port:
    """A graph input or output: how the ONNX model shows a tensor to its caller.

    onnx_shape, onnx_order: may differ from the tensor's where only the layout changes between.
    dtype: "float32" where a QuantizeLinear or DequantizeLinear stands at the border,
           otherwise "int8" or "uint8".
    """

    name: str
    tensor: int
    onnx_shape: tuple[int, ...]
    onnx_order: Order
    dtype: str

    def view(self, model: Model) -> Tensor:
        """The tensor with this port's shape and order, to convert values at the border."""
        tensor = model.tensors[self.tensor]
        return replace(tensor, onnx_shape=self.onnx_shape, onnx_order=self.onnx_order)


@dataclass(frozen=True)
class Model:
    """A quantized network with resolved shapes, one image per batch.

    Ops are in execution order: each reads tensors that are the input or were written before.
    Every tensor but the input is written by exactly one op.
    """

    name: str
    sha256: str
    tensors: tuple[Tensor, ...]
    ops: tuple[Op, ...]
    input: Port
    outputs: tuple[Port, ...]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference; convolutions and dense layers only."""
        return sum(op_macs(self, op) for op in self.ops)


def op_macs(model: Model, op: Op) -> int:
    """Multiply-accumulates of one op: kernel taps x output elements, padding counted."""
    if not isinstance(op, Conv):
        return 0
    out = model.tensors[op.output]
    return out.height * out.width * int(op.weights.size)


def weight_bytes(op: Op) -> int:
    """Bytes of an op's int8 weights, without bias and multipliers."""
    return int(op.weights.size) if isinstance(op, Conv) else 0
