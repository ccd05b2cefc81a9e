"""Which channels of each tensor must exist for the network's outputs to be what they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import Concat, Conv, Model, Op, Reshape, Softmax
from msfcnn.numerics import reads_padding
from msfcnn.optimize.ranges import Range

Mask = NDArray[np.bool_]


def needed_channels(model: Model, found: Sequence[Range], multiple: int = 1) -> tuple[Mask, ...]:
    """Per tensor bool [channels]: sets that are closed under what the ops need.

    A channel is needed where an op reads it and cannot do with its constant value instead, where
    its op has no way to leave it out, and in the network's input and outputs. Every tensor keeps
    at least one channel; one that loses some keeps a multiple of `multiple`.
    """
    kept = tuple(np.zeros(tensor.channels, dtype=np.bool_) for tensor in model.tensors)
    for port in (model.input, *model.outputs):
        kept[port.tensor][:] = True
    _close(model, found, kept)
    while odd := [mask for mask in kept if not _whole(mask, multiple)]:
        odd[-1][np.argmin(odd[-1])] = True
        _close(model, found, kept)
    return kept


def _whole(mask: Mask, multiple: int) -> bool:
    count = int(mask.sum())
    return count == len(mask) or (count > 0 and count % multiple == 0)


def absorbed(model: Model, op: Conv, x: Range) -> Mask:
    """Input channels, bool [cin], that an ungrouped Conv can replace by a share of its bias.

    Those that are constant; padding must look the same.
    """
    if not reads_padding(model, op):
        return x.constant
    same: Mask = x.constant & (x.low == model.tensors[op.input].quantization.zero_point)
    return same


def _close(model: Model, found: Sequence[Range], kept: tuple[Mask, ...]) -> None:
    """Adds to the masks what the ops need for what is there, until nothing is missing."""
    count = -1
    while count != (count := sum(int(mask.sum()) for mask in kept)):
        for op in reversed(model.ops):
            _extend(model, op, found, kept)


def _extend(model: Model, op: Op, found: Sequence[Range], kept: tuple[Mask, ...]) -> None:
    inputs, output = [kept[t] for t in op.inputs], kept[op.output]
    match op:
        case Conv(groups=1):
            read = (op.weights[output] != 0).any(axis=(0, 1, 2))
            inputs[0] |= read & ~absorbed(model, op, found[op.input])
        case Conv():
            _tie(op.groups, inputs[0], output)
        case Softmax():
            inputs[0][:] = output[:] = True
        case Reshape():
            _tie_elements(model.tensors[op.output].size, inputs[0], output)
        case Concat():
            offset = 0
            for mask in inputs:
                part = output[offset : offset + len(mask)]
                mask |= part
                part |= mask
                offset += len(mask)
        case _:
            _tie(len(output), *inputs, output)


def _tie(groups: int, *masks: Mask) -> None:
    """Each mask in `groups` equal parts: the first of all stay or go together, and so on."""
    stays = np.any([mask.reshape(groups, -1).any(axis=1) for mask in masks], axis=0)
    for mask in masks:
        mask |= np.repeat(stays, len(mask) // groups)


def _tie_elements(size: int, source: Mask, target: Mask) -> None:
    """The same bytes with other channels: what holds an element that stays, stays as a whole."""
    element = np.arange(size)
    stays = source[element % len(source)] | target[element % len(target)]
    source |= stays.reshape(-1, len(source)).any(axis=0)
    target |= stays.reshape(-1, len(target)).any(axis=0)
