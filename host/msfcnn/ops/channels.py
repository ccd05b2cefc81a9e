"""How ops tie channels together: what must stay if another one stays.

Dead channels (see msfcnn.optimize) are found backwards: a mask per tensor says which channels stay,
and `need` of each op sets more of them, until nothing changes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import Mask, Model, Op, Range


def tie(groups: int, *masks: Mask) -> None:
    """Each mask in `groups` equal parts: the first of all stay or go together, and so on.

    Changes the masks in place. groups: what divides the length of each of them.
    Example: with 2 groups and masks of 4 and 2 channels, channels 0 and 1 of the first stay or go
    together with channel 0 of the second.
    """
    stays = np.any([mask.reshape(groups, -1).any(axis=1) for mask in masks], axis=0)
    for mask in masks:
        mask |= np.repeat(stays, len(mask) // groups)


def tie_all(op: Op, kept: Sequence[Mask]) -> None:
    """Every channel of the output needs its own of every input, and the other way round."""
    masks = [kept[t] for t in (*op.inputs, op.output)]
    tie(len(masks[-1]), *masks)


def keep_all(op: Op, kept: Sequence[Mask]) -> None:
    """No channel can be left out."""
    for tensor in (*op.inputs, op.output):
        kept[tensor][:] = True


def monotone_range(model: Model, op: Op, inputs: Sequence[Range]) -> Range:
    """For ops that never fall when an input rises: the ends of the inputs give the ends.

    inputs: bounds int64 [channels] of each input; the result has those of each output channel.
    An op that falls with an input (Sub) passes the bounds of that one exchanged.
    """
    # the reference itself gives the ends, so that ranges never disagree with the arithmetic
    low = op.compute(
        model, [_image(model, t, r.low) for t, r in zip(op.inputs, inputs, strict=True)]
    )
    high = op.compute(
        model, [_image(model, t, r.high) for t, r in zip(op.inputs, inputs, strict=True)]
    )
    return Range(
        low.min(axis=(0, 1, 2)).astype(np.int64), high.max(axis=(0, 1, 2)).astype(np.int64)
    )


def _image(model: Model, tensor: int, values: NDArray[np.int64]) -> NDArray[np.int8]:
    """An image [1, H, W, C] with the same values in every pixel; a view, so it takes no memory."""
    return np.broadcast_to(values.astype(np.int8), (1, *model.tensors[tensor].shape))
