"""CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV and FULLY_CONNECTED: weights and biases."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfcnn.frontend.arrangement import Arrangement
from msfcnn.frontend.tflite.graph import TfliteScale
from msfcnn.frontend.tflite.problems import DAMAGED, Untranslatable
from msfcnn.frontend.tflite.sliding import attributes, same_padding
from msfcnn.frontend.tflite.step import Conversion
from msfcnn.frontend.tflite.writer import TO_NHWC

SHUFFLED = "is in the shuffled format"
MAP = 4


def conv_2d(step: Conversion) -> None:
    """CONV_2D; weights [out, height, width, in / groups]."""
    shape, taps = step.shape(0, MAP), step.shape(1, MAP)
    if not taps[3] or shape[3] % taps[3]:
        what = f"its weights {list(taps)} do not fit {shape[3]} channels"
        raise Untranslatable(what, DAMAGED)
    window = attributes(step.operator, shape[1:3], taps[1:3])
    weights = _weights(step, (0, 3, 1, 2))
    _conv(step, weights, taps[0], group=shape[3] // taps[3], **window)


def depthwise_conv_2d(step: Conversion) -> None:
    """DEPTHWISE_CONV_2D; weights [1, height, width, in * multiplier]."""
    shape, taps = step.shape(0, MAP), step.shape(1, MAP)
    if taps[0] != 1 or not shape[3] or taps[3] % shape[3]:
        what = f"its weights {list(taps)} do not fit {shape[3]} channels"
        raise Untranslatable(what, DAMAGED)
    window = attributes(step.operator, shape[1:3], taps[1:3])
    weights = _weights(step, (3, 0, 1, 2))
    _conv(step, weights, taps[3], group=shape[3], **window)


def transpose_conv(step: Conversion) -> None:
    """TRANSPOSE_CONV; inputs: output shape, weights [out, height, width, in], activation, bias."""
    shape, taps, out = step.shape(2, MAP), step.shape(1, MAP), step.result.shape
    if taps[3] != shape[3] or len(out) != MAP or out[3] != taps[0]:
        raise Untranslatable(f"its weights {list(taps)} do not fit", DAMAGED)
    strides = (step.operator.integer("StrideH"), step.operator.integer("StrideW"))
    before, after, extra = [], [], []
    for axis in (0, 1):
        if strides[axis] < 1:
            raise Untranslatable(f"its strides are {list(strides)}", DAMAGED)
        whole = (shape[1 + axis] - 1) * strides[axis] + taps[1 + axis]
        size = out[1 + axis]
        same = step.operator.integer("Padding") == 0
        # the padding of the convolution from the output to the input, which this one reverses
        start = same_padding(size, taps[1 + axis], strides[axis])[0] if same else 0
        rest = whole - size - start
        before.append(start)
        after.append(max(0, rest))
        extra.append(max(0, -rest))
    weights = _weights(step, (3, 0, 1, 2))
    inputs = [step.read(2, Arrangement.NCHW), weights, *_bias(step, 3, taps[0], activation=2)]
    value = step.emit(
        "ConvTranspose",
        inputs,
        kernel_shape=taps[1:3],
        strides=strides,
        pads=[*before, *after],
        output_padding=extra,
    )
    step.write_activated(value, Arrangement.NCHW)


def fully_connected(step: Conversion) -> None:
    """FULLY_CONNECTED; weights [out, in], applied to each run of `in` values.

    One run: Gemm. Runs that are the pixels of a map: a pointwise convolution. Others: MatMul.
    """
    if step.operator.integer("WeightsFormat"):
        raise Untranslatable(f"its weight matrix {SHUFFLED}", "convert again without optimizing")
    shape, (outputs, inputs) = step.shape(0), step.shape(1, 2)
    size = math.prod(shape)
    if not inputs or size % inputs or math.prod(step.result.shape) != size // inputs * outputs:
        what = f"its weights {[outputs, inputs]} do not fit the input {list(shape)}"
        raise Untranslatable(what, DAMAGED)
    runs = size // inputs
    if len(shape) == MAP and shape[3] == inputs and runs > 1:
        _pixel_by_pixel(step, outputs)
        return
    value = step.read(0)
    if runs == 1:
        if shape != (1, inputs):
            value = step.reshape(value, (1, inputs))
        operands = [value, _weights(step, (0, 1)), *_bias(step, 2, outputs)]
        value = step.emit("Gemm", operands, transB=1)
        produced: tuple[int, ...] = (1, outputs)
    else:
        lines = shape if shape[-1] == inputs and len(shape) > 2 else (1, runs, inputs)
        if shape != lines:
            value = step.reshape(value, lines)
        value = step.emit("MatMul", [value, _weights(step, (1, 0))])
        for bias in _bias(step, 2, outputs):
            value = step.emit("Add", [value, bias])
        produced = (*lines[:-1], outputs)
    if step.result.shape != produced:
        value = step.reshape(value, step.result.shape)
    step.write_activated(value)


def _pixel_by_pixel(step: Conversion, outputs: int) -> None:
    """A dense layer on a map is a pointwise convolution."""
    inputs = [
        step.read(0, Arrangement.NCHW),
        _weights(step, (0, 1), (1, 1)),
        *_bias(step, 2, outputs),
    ]
    value, layout = step.emit("Conv", inputs, kernel_shape=(1, 1)), Arrangement.NCHW
    if len(step.result.shape) != MAP:
        value, layout = step.emit("Transpose", [value], perm=TO_NHWC), Arrangement.FILE
        value = step.reshape(value, step.result.shape)
    step.write_activated(value, layout)


def batch_matmul(step: Conversion) -> None:
    """BATCH_MATMUL with a constant matrix on the right."""
    weights = step.constant(1, "right side")
    shape = step.shape(0)
    if step.operator.integer("AdjX") or weights.ndim != 2 or len(shape) < 2:
        what = f"multiplies {list(shape)} and {list(weights.shape)}"
        raise Untranslatable(what, "use a dense layer: activations times a constant matrix")
    perm = (1, 0) if step.operator.integer("AdjY") else (0, 1)
    step.write(step.emit("MatMul", [step.read(0), _weights(step, perm)]))


def _conv(step: Conversion, weights: str, outputs: int, **window: Any) -> None:
    """A Conv of input 0 with its bias and fused activation. window: its ONNX attributes."""
    inputs = [step.read(0, Arrangement.NCHW), weights, *_bias(step, 2, outputs)]
    step.write_activated(step.emit("Conv", inputs, **window), Arrangement.NCHW)


def _weights(step: Conversion, perm: tuple[int, ...], more: tuple[int, ...] = ()) -> str:
    """The constant weights with their axes moved, and more behind them, as real numbers.

    perm: from the axes of the file to those of ONNX; more: axes of 1 to append. Several scales go
    along with their axis. Returns the name of the value.
    """
    values, tensor = step.constant(1, "weight tensor"), step.tensor(1)
    affine = tensor.affine
    if values.dtype.kind != "f" and affine is None:
        raise Untranslatable(f"its weights are {values.dtype} without a scale", DAMAGED)
    axis = 0
    if affine is not None and len(affine.scale) > 1:
        if not 0 <= affine.axis < values.ndim or values.shape[affine.axis] != len(affine.scale):
            what = f"its weights have {len(affine.scale)} scales along axis {affine.axis}"
            raise Untranslatable(what, DAMAGED)
        axis = perm.index(affine.axis)
    moved = values.transpose(perm)
    return step.writer.add_real(tensor.name, moved.reshape(moved.shape + more), affine, axis)


def _bias(step: Conversion, position: int, outputs: int, activation: int = 0) -> list[str]:
    """The bias, if there is one.

    The kernels of TFLite add its integers to the accumulator, whatever scale the file gives
    them: they count in input scale * weight scale.
    """
    if not step.has(position):
        return []
    values, tensor = step.constant(position, "bias"), step.tensor(position)
    if values.size != outputs:
        what = f"its bias has the shape {list(values.shape)}, but there are {outputs} outputs"
        raise Untranslatable(what, DAMAGED)
    values = values.reshape(outputs)
    if values.dtype.kind == "f":
        return [step.writer.add_real(tensor.name, values, None, 0)]
    if values.dtype != np.int32:
        raise Untranslatable(
            f"its bias is {values.dtype}", "convert the model with int8 activations"
        )
    unit = _unit(step, activation)
    if len(unit) not in (1, outputs):
        raise Untranslatable(f"its weights have {len(unit)} scales for {outputs} outputs", DAMAGED)
    affine = TfliteScale(unit, np.zeros(len(unit), np.int64), 0)
    return [step.writer.add_real(tensor.name, values, affine, 0)]


def _unit(step: Conversion, activation: int) -> NDArray[np.float32]:
    """What a bias of 1 means: input scale * weight scale, float32, one or one per output."""
    weights = step.tensor(1).affine
    if not step.tensor(activation).quantized or weights is None:
        hint = "convert again: all layers int8, or all float"
        raise Untranslatable("its bias is int32, but input or weights are float", hint)
    source = step.writer.per_tensor(step.index(activation))
    unit: NDArray[np.float32] = (source.scale.astype(np.float64) * weights.scale).astype(np.float32)
    return unit
