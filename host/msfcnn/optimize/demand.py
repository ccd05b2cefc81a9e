"""Which channels of each tensor must exist for the network's outputs to be what they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from msfcnn.ir import Mask, Model, Range


def needed_channels(model: Model, found: Sequence[Range], multiple: int = 1) -> tuple[Mask, ...]:
    """Per tensor bool [channels]: sets that are closed under what the ops need.

    A channel is needed where an op reads it and cannot do with its constant value instead, where
    its op has no way to leave it out, and in the network's inputs and outputs. Every tensor keeps
    at least one channel; one that loses some keeps a multiple of `multiple`.
    """
    kept = tuple(np.zeros(tensor.channels, dtype=np.bool_) for tensor in model.tensors)
    for port in (*model.inputs, *model.outputs):
        kept[port.tensor][:] = True
    _close(model, found, kept)
    while odd := [mask for mask in kept if not _whole(mask, multiple)]:
        odd[-1][np.argmin(odd[-1])] = True
        _close(model, found, kept)
    return kept


def _whole(mask: Mask, multiple: int) -> bool:
    count = int(mask.sum())
    return count == len(mask) or (count > 0 and count % multiple == 0)


def _close(model: Model, found: Sequence[Range], kept: tuple[Mask, ...]) -> None:
    """Adds to the masks what the ops need for what is there, until nothing is missing."""
    count = -1
    while count != (count := sum(int(mask.sum()) for mask in kept)):
        for op in reversed(model.ops):
            op.need(model, found, kept)
