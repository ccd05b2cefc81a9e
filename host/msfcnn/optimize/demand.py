"""Which channels of each tensor must exist for the network's outputs to be what they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    closure = _Closure(model, found, kept)
    closure.extend(range(len(model.ops)))
    while odd := [
        t for t, count in enumerate(closure.counts) if _odd(count, len(kept[t]), multiple)
    ]:
        closure.add_channel(odd[-1])
    return kept


def _odd(count: int, channels: int, multiple: int) -> bool:
    """Whether a tensor cannot keep so many of its channels."""
    return count < channels and (count == 0 or count % multiple != 0)


class _Closure:
    """Masks that grow until no op needs more: only ops whose tensors have changed are asked.

    counts: channels that stay, by tensor.
    """

    def __init__(self, model: Model, found: Sequence[Range], kept: tuple[Mask, ...]) -> None:
        self.model, self.found, self.kept = model, found, kept
        self.counts = [int(mask.sum()) for mask in kept]
        self._tensors = [tuple(dict.fromkeys((*op.inputs, op.output))) for op in model.ops]
        self._ops: list[list[int]] = [[] for _ in kept]
        for number, tensors in enumerate(self._tensors):
            for tensor in tensors:
                self._ops[tensor].append(number)

    def add_channel(self, tensor: int) -> None:
        """The first channel that is missing, and all that is needed because of it."""
        self.kept[tensor][np.argmin(self.kept[tensor])] = True
        self.counts[tensor] += 1
        self.extend(self._ops[tensor])

    def extend(self, ops: Iterable[int]) -> None:
        """What these ops need, and those that are asked for more by that, until nothing changes."""
        waiting = set(ops)
        while waiting:
            # the last one first: needs go from the outputs to the inputs
            number = max(waiting)
            waiting.remove(number)
            self.model.ops[number].need(self.model, self.found, self.kept)
            for tensor in self._tensors[number]:
                count = int(self.kept[tensor].sum())
                if count != self.counts[tensor]:
                    self.counts[tensor] = count
                    waiting.update(self._ops[tensor])
