"""Runs a model op by op on a batch of images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from msfcnn.model import (
    Add,
    AveragePool,
    Concat,
    Conv,
    GlobalAveragePool,
    MaxPool,
    Model,
    Op,
    Requantize,
    Reshape,
    Softmax,
)
from msfcnn.numerics import (
    add_constants,
    concat_constants,
    conv_constants,
    pool_constants,
    requantize_constants,
    softmax_constants,
)
from msfcnn.reference import ops

Values = NDArray[np.int8]


def execute(model: Model, images: Values) -> tuple[Values, ...]:
    """Values of every tensor, int8 [n, H, W, C] each, for images [n, H, W, C]."""
    values: dict[int, Values] = {model.input.tensor: images}
    for op in model.ops:
        inputs = [values[t] for t in op.inputs]
        result = _run(model, op, inputs)
        values[op.output] = result.reshape(len(images), *model.tensors[op.output].shape)
    return tuple(values[t] for t in range(len(model.tensors)))


def _run(model: Model, op: Op, inputs: list[Values]) -> Values:
    target = model.tensors[op.output].shape
    match op:
        case Conv():
            return ops.conv(op, conv_constants(model, op), inputs[0], target)
        case MaxPool():
            return ops.max_pool(op, requantize_constants(model, op), inputs[0], target)
        case AveragePool():
            return ops.average_pool(op, pool_constants(model, op), inputs[0], target)
        case GlobalAveragePool():
            return ops.global_average(pool_constants(model, op), inputs[0])
        case Add():
            return ops.weighted_sum(add_constants(model, op), inputs)
        case Requantize():
            return ops.weighted_sum(requantize_constants(model, op), inputs)
        case Concat():
            parts = [
                ops.weighted_sum(concat_constants(model, op, i), [part])
                for i, part in enumerate(inputs)
            ]
            return np.concatenate(parts, axis=3)
        case Softmax():
            return ops.softmax(softmax_constants(model, op), inputs[0])
        case Reshape():
            return inputs[0]
