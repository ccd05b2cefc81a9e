"""STRIDED_SLICE: its masks, resolved.

A bit of a mask stands for an axis. BeginMask and EndMask: the bound is that of the axis, whatever
is listed. ShrinkAxisMask: one element, whose axis goes. EllipsisMask and NewAxisMask are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfcnn.frontend.tflite.graph import Operator
from msfcnn.frontend.tflite.problems import DAMAGED, Untranslatable

Array = NDArray[Any]


@dataclass(frozen=True)
class Cut:
    """What a STRIDED_SLICE takes of one axis; `alone`: a single element, whose axis goes."""

    start: int
    count: int
    step: int
    alone: bool


def cuts(
    operator: Operator, shape: tuple[int, ...], begin: Array, end: Array, steps: Array
) -> tuple[Cut, ...]:
    """One cut per axis of a shape. begin, end, steps: the constant inputs of the operator.

    Axes behind the listed ones are taken whole. Raises Untranslatable for bounds that do not fit.
    """
    for mask in ("EllipsisMask", "NewAxisMask"):
        if operator.integer(mask):
            raise Untranslatable(f"uses {mask}", "slice with a begin and an end for each axis")
    if not begin.size == end.size == steps.size <= len(shape):
        raise Untranslatable(f"its bounds do not fit {len(shape)} axes", DAMAGED)
    given = tuple(
        _cut(operator, axis, shape[axis], *(int(v.ravel()[axis]) for v in (begin, end, steps)))
        for axis in range(begin.size)
    )
    return given + tuple(Cut(0, size, 1, False) for size in shape[len(given) :])


def _cut(operator: Operator, axis: int, size: int, begin: int, end: int, step: int) -> Cut:
    """What is taken of one axis, as first element, count and step, with the masks applied."""
    bit = 1 << axis
    if operator.integer("ShrinkAxisMask") & bit:
        start = begin + size if begin < 0 else begin
        if not 0 <= start < size:
            raise Untranslatable(f"takes element {begin} of an axis of {size}", DAMAGED)
        return Cut(start, 1, 1, True)
    if step == 0:
        raise Untranslatable("its stride is 0", DAMAGED)
    open_begin, open_end = (operator.integer(m) & bit for m in ("BeginMask", "EndMask"))
    if operator.integer("Offset") and not open_end:
        end += begin
    bounds = slice(None if open_begin else begin, None if open_end else end, step)
    taken = range(*bounds.indices(size))
    return Cut(taken.start, len(taken), step, False)


def strided_slice(operator: Operator, values: Array, *bounds: Array) -> Array:
    """The slice of a constant. bounds: begin, end and strides."""
    taken = cuts(operator, values.shape, *bounds)
    index = tuple(c.start if c.alone else c.start + np.arange(c.count) * c.step for c in taken)
    for axis in reversed(range(values.ndim)):
        values = np.take(values, index[axis], axis=axis)
    return values
