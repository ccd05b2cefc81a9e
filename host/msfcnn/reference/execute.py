"""Runs a model op by op on a batch of images."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np

from msfcnn.ir import Model, Op, Values, last_readers

PORTION_VALUES = 2_000_000  # of a tensor that an op works on at a time, 8 bytes each


def execute(model: Model, images: Values) -> tuple[Values, ...]:
    """Values of every tensor, int8 [n, H, W, C] each, for images int8 [n, *sample_shape]."""
    every = range(len(model.tensors))
    values = execute_some(model, images, every)
    return tuple(values[t] for t in every)


def execute_some(model: Model, images: Values, keep: Collection[int]) -> dict[int, Values]:
    """As `execute`, but only the tensors in `keep`; others are forgotten after their last reader.

    Raises ValueError if the images are not int8 [n, *sample_shape] as the network wants them.
    """
    _check(images, model.sample_shape)
    readers = last_readers(model)
    values = model.taken_apart(images)
    for index, op in enumerate(model.ops):
        values[op.output] = run_op(model, op, [values[t] for t in op.inputs])
        for tensor in [t for t in values if readers[t] <= index and t not in keep]:
            del values[tensor]
    return {t: values[t] for t in keep}


def run_op(model: Model, op: Op, inputs: Sequence[Values]) -> Values:
    """The output int8 [n, h, w, c] of one op for inputs int8 [n, H, W, C].

    Works on a few images at a time, so that wide intermediate values stay small.
    """
    target = model.tensors[op.output].shape
    largest = max(math.prod(target), *(math.prod(x.shape[1:]) for x in inputs))
    count = max(1, PORTION_VALUES // largest)
    portions = [
        op.compute(model, [x[first : first + count] for x in inputs])
        for first in range(0, len(inputs[0]), count)
    ]
    return np.concatenate(portions).reshape(-1, *target)


def _check(images: Values, shape: tuple[int, int, int]) -> None:
    right = images.dtype == np.int8 and images.ndim == 4 and images.shape[1:] == shape
    if not right or len(images) == 0:
        raise ValueError(f"images are {images.dtype} {images.shape}, not int8 (n, *{shape})")
