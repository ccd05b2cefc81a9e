"""Operators on constants: the shapes that a network computes for its own reshapes.

Converters leave such chains (SHAPE, STRIDED_SLICE, PACK) in networks with an open batch, and
DEQUANTIZE in front of float16 weights. Computed here, they need no converter and no kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfcnn.frontend.tflite.graph import Operator
from msfcnn.frontend.tflite.problems import DAMAGED, Untranslatable
from msfcnn.frontend.tflite.slices import strided_slice
from msfcnn.frontend.tflite.writer import Writer

Array = NDArray[Any]
Fold = Callable[[Operator, Sequence[Array]], Array]
LARGEST = 2**24  # elements that a fold may make


def _axis(operator: Operator, default: int = 0) -> int:
    """The option Axis, which may count from the end, as NumPy's axes do."""
    return operator.integer("Axis", default)


def _reduced(reduce: Callable[..., Array]) -> Fold:
    """How a reduction of constants is computed now, so that no operator is left of it."""

    def fold(operator: Operator, values: Sequence[Array]) -> Array:
        axes = tuple(int(a) for a in values[1].ravel())
        return np.asarray(reduce(values[0], axis=axes, keepdims=bool(operator.integer("KeepDims"))))

    return fold


def _slice(_: Operator, values: Sequence[Array]) -> Array:
    """SLICE of (values, begin, size); size -1 takes the rest of an axis."""
    ends = [None if n < 0 else b + n for b, n in zip(values[1], values[2], strict=True)]
    return values[0][tuple(slice(b, e) for b, e in zip(values[1], ends, strict=True))]


def _plain(compute: Callable[..., Any]) -> Fold:
    """How an operator without options is computed: by its inputs alone."""
    return lambda _, values: np.asarray(compute(*values))


FOLDS: Mapping[str, Fold] = {
    "ABS": _plain(np.abs),
    "ADD": _plain(np.add),
    "BROADCAST_TO": _plain(lambda x, shape: np.broadcast_to(x, tuple(shape.ravel()))),
    "CAST": _plain(lambda x: x),
    "CEIL": _plain(np.ceil),
    "CONCATENATION": lambda o, values: np.concatenate(values, axis=_axis(o)),
    "DEQUANTIZE": _plain(lambda x: x),
    "DIV": _plain(lambda x, y: x // y if x.dtype.kind in "iu" else x / y),
    "EXPAND_DIMS": _plain(lambda x, axis: np.expand_dims(x, int(axis.ravel()[0]))),
    "FILL": _plain(lambda shape, value: np.broadcast_to(value, tuple(shape.ravel()))),
    "FLOOR_DIV": _plain(np.floor_divide),
    "FLOOR_MOD": _plain(np.mod),
    "GATHER": lambda o, values: np.take(values[0], values[1], axis=_axis(o)),
    "MAXIMUM": _plain(np.maximum),
    "MINIMUM": _plain(np.minimum),
    "MUL": _plain(np.multiply),
    "NEG": _plain(np.negative),
    "PACK": lambda o, values: np.stack(values, axis=_axis(o)),
    "REDUCE_MAX": _reduced(np.max),
    "REDUCE_MIN": _reduced(np.min),
    "REDUCE_PROD": _reduced(np.prod),
    "RESHAPE": _plain(lambda x, *_: x),
    "RSQRT": _plain(lambda x: 1 / np.sqrt(x)),
    "SHAPE": _plain(lambda x: x),
    "SLICE": _slice,
    "SQRT": _plain(np.sqrt),
    "SQUEEZE": _plain(lambda x, *_: x),
    "STRIDED_SLICE": lambda o, values: strided_slice(o, values[0], *values[1:4]),
    "SUB": _plain(np.subtract),
    "SUM": _reduced(np.sum),
    "TRANSPOSE": _plain(lambda x, perm: np.transpose(x, tuple(perm.ravel()))),
}
RESHAPING = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS"})


def fold(writer: Writer, operator: Operator) -> bool:
    """Computes an operator whose inputs are all constant; says whether that was the case.

    False where the result would have to be rounded (a quantized output) or bounded (a fused
    activation): the ONNX nodes of its converter say that better. Raises Untranslatable for results
    that are absurdly large or of another shape than the file says.
    """
    if len(operator.outputs) != 1 or operator.kind not in FOLDS:
        return False
    indices = [i for i in operator.inputs if i >= 0]
    if operator.kind == "SHAPE":
        return _fold_shape(writer, operator)
    values = [writer.known(index) for index in indices]
    known = [v for v in values if v is not None]
    if len(known) < len(values) or not known:
        return False
    target = writer.tensor(operator.outputs[0])
    reals = [_real(writer, index, array) for index, array in zip(indices, known, strict=True)]
    if target.quantized or operator.integer("FusedActivationFunction"):
        return False
    if max(target.shape, default=0) > LARGEST or np.prod(target.shape, dtype=float) > LARGEST:
        raise Untranslatable("computes a constant too large for any board", DAMAGED)
    with np.errstate(all="ignore"):
        result = FOLDS[operator.kind](operator, reals)
    if operator.kind in RESHAPING and result.size == np.prod(target.shape, dtype=int):
        result = result.reshape(target.shape)
    writer.fold(operator.outputs[0], result)
    return True


def _fold_shape(writer: Writer, operator: Operator) -> bool:
    """SHAPE, which is constant though its input is not; an open batch counts as 1."""
    source = writer.tensor(operator.inputs[0])
    if source.open and source.open != (0,):
        raise Untranslatable("takes a shape that the file leaves open", "convert with fixed shapes")
    writer.fold(operator.outputs[0], np.array(source.shape))
    return True


def _real(writer: Writer, index: int, values: Array) -> Array:
    """The numbers that a constant stands for: float32 if it is quantized, else as stored."""
    affine = writer.tensor(index).affine
    if affine is None or values.dtype.kind == "f" or not writer.tensor(index).quantized:
        return values
    column = [1] * values.ndim
    if len(affine.scale) > 1:
        column[affine.axis] = -1
    steps = values.astype(np.int32) - affine.zero.reshape(column)
    return (steps * affine.scale.reshape(column)).astype(np.float32)
