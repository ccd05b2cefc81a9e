"""Activations and arithmetic, one element at a time.

They do not care for the order of elements, so they take their input in the layout in which it is
there and write their output in that one: no Transpose arises between two convolutions.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from msfcnn.frontend.arrangement import TO_NCHW, Arrangement
from msfcnn.frontend.tflite.graph import TfliteTensor
from msfcnn.frontend.tflite.problems import DAMAGED, Untranslatable
from msfcnn.frontend.tflite.step import CLIPS, Conversion
from msfcnn.frontend.tflite.writer import MAP_AXES

UNARY = {
    "ABS": "Abs",
    "CEIL": "Ceil",
    "COS": "Cos",
    "ELU": "Elu",
    "EXP": "Exp",
    "FLOOR": "Floor",
    "HARD_SWISH": "HardSwish",
    "LOG": "Log",
    "LOGISTIC": "Sigmoid",
    "RELU": "Relu",
    "ROUND": "Round",
    "SIN": "Sin",
    "SQRT": "Sqrt",
    "TANH": "Tanh",
}
BINARY = {
    "ADD": "Add",
    "DIV": "Div",
    "MAXIMUM": "Max",
    "MINIMUM": "Min",
    "MUL": "Mul",
    "POW": "Pow",
    "SUB": "Sub",
}
COMPARISONS = {
    "EQUAL": "Equal",
    "GREATER": "Greater",
    "GREATER_EQUAL": "GreaterOrEqual",
    "LESS": "Less",
    "LESS_EQUAL": "LessOrEqual",
    "LOGICAL_AND": "And",
    "LOGICAL_OR": "Or",
}
BOUNDED = {"RELU6": "0 to 6", "RELU_0_TO_1": "0 to 1", "RELU_N1_TO_1": "-1 to 1"}


def unary(step: Conversion) -> None:
    """Functions of one number without options."""
    _unary(step, lambda value: step.emit(UNARY[step.operator.kind], [value]))


def bounded(step: Conversion) -> None:
    """RELU6 and its like."""
    _unary(step, lambda value: step.clip(value, *CLIPS[BOUNDED[step.operator.kind]]))


def neg(step: Conversion) -> None:
    """NEG; TFLite's kernel negates stored values as they are, whatever their zero point."""
    if step.tensor(0).quantized:
        step.check_copies()
        if step.writer.per_tensor(step.index(0)).zero.any():
            raise Untranslatable("negates values whose zero point is not 0", "use SUB from 0")
    _unary(step, lambda value: step.emit("Neg", [value]))


def leaky_relu(step: Conversion) -> None:
    """LEAKY_RELU."""
    alpha = step.operator.real("Alpha")
    if not math.isfinite(alpha):
        raise Untranslatable(f"its slope is {alpha}", DAMAGED)
    _unary(step, lambda value: step.emit("LeakyRelu", [value], alpha=alpha))


def gelu(step: Conversion) -> None:
    """GELU, exact or with tanh."""
    form = "tanh" if step.operator.integer("Approximate") else "none"
    _unary(step, lambda value: step.emit("Gelu", [value], approximate=form))


def square(step: Conversion) -> None:
    """SQUARE."""
    _unary(step, lambda value: step.emit("Mul", [value, value]))


def rsqrt(step: Conversion) -> None:
    """RSQRT."""
    _unary(step, lambda value: step.emit("Reciprocal", [step.emit("Sqrt", [value])]))


def convert_only(step: Conversion) -> None:
    """QUANTIZE and DEQUANTIZE: the same numbers, stored differently.

    Between uint8 and int8 with the same steps nothing is done: the reader takes the numbers from
    where they are. That is what converters put at the border of networks with uint8 images.
    """
    source, target = step.tensor(0), step.result
    index = step.operator.outputs[0]
    if _same_steps(source, target) and index not in step.writer.graph.outputs:
        layout = step.layout()
        step.writer.show(index, step.read(0, layout), layout)
    else:
        _unary(step, lambda value: value)


def _same_steps(source: TfliteTensor, target: TfliteTensor) -> bool:
    """Whether stored values differ by 128 at most, uint8 from int8."""
    unsigned = {"int8": 0, "uint8": 128}
    if source.affine is None or target.affine is None:
        return False
    if source.dtype not in unsigned or target.dtype not in unsigned:
        return False
    shift = unsigned[source.dtype] - unsigned[target.dtype]
    same_zero = np.array_equal(source.affine.zero, target.affine.zero + shift)
    return same_zero and np.array_equal(source.affine.scale, target.affine.scale)


def prelu(step: Conversion) -> None:
    """PRELU with constant slopes."""
    step.constant(1, "slope")
    layout = step.layout()
    slope = _broadcast(step, 1, layout, len(step.shape(0)))
    step.write(step.emit("PRelu", [step.read(0, layout), slope]), layout)


def softmax(step: Conversion) -> None:
    """SOFTMAX over the last axis, after a factor."""
    beta = step.operator.real("Beta", 1.0)
    layout = step.layout()
    value = step.read(0, layout)
    if beta != 1.0:
        value = step.emit("Mul", [value, step.number(beta, "beta")])
    step.write(step.emit("Softmax", [value], axis=_last(step, layout)), layout)


def log_softmax(step: Conversion) -> None:
    """LOG_SOFTMAX over the last axis."""
    layout = step.layout()
    value = step.emit("LogSoftmax", [step.read(0, layout)], axis=_last(step, layout))
    step.write(value, layout)


def l2_normalization(step: Conversion) -> None:
    """L2_NORMALIZATION over the last axis."""
    layout = step.layout()
    inputs = [step.read(0, layout)]
    value = step.emit("LpNormalization", inputs, axis=_last(step, layout), p=2)
    step.write_activated(value, layout)


def _last(step: Conversion, layout: Arrangement) -> int:
    """Where the last axis of the file, that of the channels, is in this layout."""
    return layout.axis(len(step.shape(0)) - 1)


def binary(step: Conversion) -> None:
    """Arithmetic of two activations, or of one and a constant."""
    layout, inputs = _operands(step)
    step.write_activated(step.emit(BINARY[step.operator.kind], inputs), layout)


def compare(step: Conversion) -> None:
    """Comparisons, and conditions joined; of one tensor, with `select` behind them, a function."""
    layout, inputs = _operands(step)
    step.write(step.emit(COMPARISONS[step.operator.kind], inputs), layout)


def select(step: Conversion) -> None:
    """SELECT and SELECT_V2: the second operand where the first holds, else the third."""
    layout, inputs = _operands(step, 3)
    step.write(step.emit("Where", inputs), layout)


def _operands(step: Conversion, count: int = 2) -> tuple[Arrangement, list[str]]:
    """So many operands in one layout."""
    rank = len(step.result.shape)
    places = range(count)
    layouts = {step.layout(i) for i in places if not step.is_constant(i)}
    layout = (
        Arrangement.NCHW if Arrangement.NCHW in layouts and rank == MAP_AXES else Arrangement.FILE
    )
    return layout, [_broadcast(step, i, layout, rank) for i in places]


def squared_difference(step: Conversion) -> None:
    """SQUARED_DIFFERENCE. Raises Untranslatable for two activations of a quantized file.

    TFLite has more than 8 bits of such a difference before it squares it; int8 would lose half of
    the precision of its result. Of a value and itself, as of one channel, it is zero.
    """
    unlike = step.index(0) != step.index(1)
    if unlike and step.result.quantized and not any(step.is_constant(i) for i in (0, 1)):
        what = "squares the difference of two int8 activations, as layer normalization does"
        hint = "convert the model without quantization, and run `msfcnn quantize` on the float file"
        raise Untranslatable(what, hint)
    layout, inputs = _operands(step)
    value = step.emit("Sub", inputs)
    step.write(step.emit("Mul", [value, value]), layout)


def add_n(step: Conversion) -> None:
    """ADD_N: a sum of any number of activations of one shape."""
    value = step.read(0)
    for i in range(1, len(step.operator.inputs)):
        value = step.emit("Add", [value, step.read(i)])
    step.write(value)


def _unary(step: Conversion, function: Callable[[str], str]) -> None:
    """One input, one output, in one layout. function: from the name of a value to a new one."""
    layout = step.layout()
    step.write(function(step.read(0, layout)), layout)


def _broadcast(step: Conversion, position: int, layout: Arrangement, rank: int) -> str:
    """An operand that TFLite broadcasts from the right, in this layout."""
    shape = step.shape(position)
    if step.is_constant(position):
        values = step.constant(position, "operand")
        affine = step.tensor(position).affine
        if affine is not None and len(affine.scale) > 1 and layout is Arrangement.FILE:
            np.broadcast_to(affine.scale, values.shape[affine.axis])  # the axis must fit
    if layout is Arrangement.FILE or len(shape) == MAP_AXES or step.is_constant(position):
        return step.read(position, layout)
    value = step.reshape(step.read(position), (1,) * (rank - len(shape)) + shape)
    return step.emit("Transpose", [value], perm=TO_NCHW)
