"""QuantizeLinear and DequantizeLinear: where tensors get their scale, and constants theirs.

The two never become ops of their own: a QuantizeLinear finishes the draft in front of it, a
DequantizeLinear marks a value as real numbers again. uint8 is kept as int8, zero point and values
less 128, so that kernels know one type (msfcnn.ir.Tensor.unsigned remembers).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import Quantization
from msfcnn.nodes import (
    Builder,
    Constant,
    Draft,
    Importer,
    Known,
    Node,
    Poison,
    Role,
    Source,
    Unsupported,
    Value,
    View,
    fits,
    same_quantization,
)

INT8_HINT = "quantize activations and weights to 8 bits (QInt8 or QUInt8)"
RANGES = {"int8": (-128, 127), "uint8": (0, 255), "int32": (-(2**31), 2**31 - 1)}
OUTPUT_DTYPES = {0: "uint8", 2: "uint8", 3: "int8"}  # values of the attribute, in ONNX's counting


@dataclass(frozen=True, eq=False)
class Parameters:
    """Scale and zero point of a node; zero point and dtype are None if it is left out.

    scale: float32, one value or one for each index of `axis`. zero: of the same size, as stored
    (uint8: 0 to 255). dtype: NumPy's name of the zero point's type, which is that of the values.
    """

    scale: NDArray[np.float32]
    zero: NDArray[np.int64] | None
    dtype: str | None
    axis: int

    def per_tensor(self, dtype: str) -> tuple[Quantization, bool]:
        """The quantization of an activation as int8, and whether ONNX stores it unsigned.

        Raises Unsupported for other types and for several scales.
        """
        if dtype not in ("int8", "uint8"):
            raise Unsupported(f"its activations are {dtype}", INT8_HINT)
        if self.scale.size != 1:
            hint = "quantize activations per tensor; only weights may be per channel"
            raise Unsupported("its activation is quantized per channel", hint)
        zero = int(self.zeros.ravel()[0])
        unsigned = dtype == "uint8"
        return Quantization(float(self.scale.ravel()[0]), zero - 128 * unsigned), unsigned

    def spread(self, values: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        """Scales or zero points broadcast (not copied) to each element of a constant.

        Raises Unsupported where there are several and their number is not the size of `axis`.
        """
        column = [1] * len(shape)
        if values.size > 1:
            axis = self.axis + len(shape) if self.axis < 0 else self.axis
            if not 0 <= axis < len(shape) or shape[axis] != values.size:
                what = f"{values.size} scales do not fit axis {self.axis} of {list(shape)}"
                raise Unsupported(what, "one scale per index of the axis is needed")
            column[axis] = -1
        return np.broadcast_to(values.reshape(column), shape)

    @property
    def zeros(self) -> NDArray[np.int64]:
        """The zero points, 0 where they are left out."""
        return np.zeros(self.scale.shape, np.int64) if self.zero is None else self.zero


def quantize(builder: Builder, node: Node) -> Value:
    """QuantizeLinear: gives the value in front of it its scale.

    A draft becomes an op, the graph's input a tensor, a constant int8 numbers; a value that has a
    scale already is requantized if this one differs. Behind a refused node the value is assumed.
    """
    value = builder.value(node, 0)
    parameters = _parameters(builder, node)
    dtype = parameters.dtype or _default_dtype(node)
    if isinstance(value, Constant):
        return _quantize_constant(value, parameters, dtype)
    quantization, unsigned = parameters.per_tensor(dtype)
    name = node.outputs[0]
    match value:
        case Poison():
            return _assumed(builder, name, quantization, unsigned)
        case Draft():
            return builder.finish(value, name, quantization, unsigned)
        case Source(dtype="float32"):
            return builder.define_input(value, name, quantization, unsigned)
        case Known(real=True):
            return builder.requantized(value, node, name, quantization, unsigned)
        case Known() | Source():
            raise Unsupported("quantizes values that are integers already")


def dequantize(builder: Builder, node: Node) -> Value:
    """DequantizeLinear: tells the real numbers behind integers.

    An activation must be read with the scale and zero point that it was written with, as a tensor
    of the model has only one of each. Raises Unsupported otherwise.
    """
    value = builder.value(node, 0)
    if isinstance(value, Poison):  # its parameters are those of a QuantizeLinear, checked there
        return value
    parameters = _parameters(builder, node)
    match value:
        case Constant():
            return _dequantize_constant(value, parameters)
        case Source(dtype="int8" | "uint8"):
            quantization, unsigned = parameters.per_tensor(value.dtype)
            known = builder.define_input(value, node.inputs[0], quantization, unsigned)
            return replace(known, real=True)
        case Known(real=False):
            tensor = builder.tensors[value.tensor]
            dtype = "uint8" if tensor.unsigned else "int8"
            quantization, _ = parameters.per_tensor(dtype)
            if not same_quantization(quantization, tensor.quantization):
                what = "reads its input with another scale or zero point than it was written with"
                raise Unsupported(what, "use the same scale and zero point on both sides")
            return replace(value, real=True)
        case Known() | Draft() | Source():
            raise Unsupported("works on values that are no integers")


def _parameters(builder: Builder, node: Node) -> Parameters:
    """Scale and zero point of a (De)QuantizeLinear. Raises Unsupported with what is wrong
    with them.
    """
    scale = builder.constant(node, 1, "scale")
    zero = builder.constant(node, 2, "zero point")
    if scale is None:
        raise Unsupported("has no scale")
    if scale.stored.dtype != np.float32:
        raise Unsupported(f"its scale is {scale.stored.dtype}", "export the model in float32")
    if node.integer("block_size", 0):
        raise Unsupported("is quantized in blocks", "quantize per tensor or per channel")
    if not (np.isfinite(scale.stored).all() and (scale.stored > 0).all() and scale.stored.size):
        bad = scale.stored[~(scale.stored > 0) | ~np.isfinite(scale.stored)]
        which = f"{bad.ravel()[0]:g}" if bad.size else "missing"
        hint = "quantize the model again with calibration data that exercises every layer"
        raise Unsupported(f"a scale is {which}; it must be positive and finite", hint)
    axis = node.integer("axis", 1)
    if zero is None:
        return Parameters(scale.stored, None, None, axis)
    dtype = str(zero.stored.dtype)
    if dtype not in RANGES:
        raise Unsupported(f"its zero point is {dtype}", INT8_HINT)
    if zero.stored.size != scale.stored.size:
        raise Unsupported("its scale and zero point differ in size", "the file is damaged")
    return Parameters(scale.stored, zero.stored.astype(np.int64), dtype, axis)


def _default_dtype(node: Node) -> str:
    """The stored type without a zero point: uint8, or what `output_dtype` says since opset 21."""
    number = node.integer("output_dtype", 0)
    return OUTPUT_DTYPES.get(number, f"ONNX type {number}")


def _quantize_constant(value: Constant, parameters: Parameters, dtype: str) -> Constant:
    """Folds exactly as ONNX defines it: float32 division, ties to even, then saturate."""
    if value.scale is not None:
        real: NDArray[Any] = value.real.astype(np.float32)
    elif value.stored.dtype == np.float32:
        real = value.stored
    else:
        raise Unsupported(f"quantizes a constant of type {value.stored.dtype}", "use float32")
    if dtype not in RANGES:
        raise Unsupported(f"quantizes a constant to {dtype}", INT8_HINT)
    if not np.isfinite(real).all():
        raise Unsupported("quantizes a constant that is not finite", "export the model again")
    scale = parameters.spread(parameters.scale, value.shape)
    zero = parameters.spread(parameters.zeros, value.shape)
    with np.errstate(over="ignore"):  # saturates below
        steps = np.rint(real / scale).astype(np.float64) + zero
    return Constant(np.clip(steps, *RANGES[dtype]).astype(dtype))


def _dequantize_constant(value: Constant, parameters: Parameters) -> Constant:
    """A constant that keeps its integers, beside the scale and zero point of each element."""
    dtype = str(value.stored.dtype)
    if value.scale is not None or dtype not in RANGES:
        raise Unsupported(f"dequantizes a constant of type {dtype}", INT8_HINT)
    if parameters.dtype is not None and parameters.dtype != dtype:
        what = f"its input is {dtype} but its zero point {parameters.dtype}"
        raise Unsupported(what, "the file is damaged; export it again")
    scale = parameters.spread(parameters.scale.astype(np.float64), value.shape)
    return Constant(value.stored, scale, parameters.spread(parameters.zeros, value.shape))


def _assumed(builder: Builder, name: str, quantization: Quantization, unsigned: bool) -> Value:
    """A stand-in for what a reported node computes, so that the nodes behind it are checked too.

    Its scale is known; its shape as far as inference went; its layout is a guess.
    """
    shape = builder.graph.static_shape(name)
    if shape is None or len(shape) not in (2, 3, 4) or shape[0] != 1 or not fits(shape):
        return Poison()
    height = shape[2] if len(shape) == 4 else 1
    width = shape[-1] if len(shape) > 2 else 1
    return builder.assume(
        View(hwc=(height, width, shape[1]), shape=shape, assumed=True), name, quantization, unsigned
    )


QDQ = (
    Importer(
        kind="QuantizeLinear",
        convert=quantize,
        becomes="tensor, or Requantize if the scale changes",
        constraints=("int8 or uint8, per tensor for activations",),
        role=Role.ELEMENTWISE,
    ),
    Importer(
        kind="DequantizeLinear",
        convert=dequantize,
        becomes="scale of a tensor or constant",
        constraints=("activations per tensor",),
        role=Role.ELEMENTWISE,
    ),
)
