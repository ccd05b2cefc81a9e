"""Weights of nine bits: what asymmetric weights are once their zero point is taken off.

Kernels multiply int8. A weight beyond that is the sum of two that are not (255: of three), and an
input channel that meets one is read as often: a Select in front gives copies of it. That is exact,
costs RAM and MACs for these channels only, and nothing at all where every weight fits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from msfcnn.nodes import Builder, Node

LOW, HIGH = -128, 127


def as_int8(
    builder: Builder, node: Node, tensor: int, weights: NDArray[np.int16], groups: int
) -> tuple[int, NDArray[np.int8]]:
    """The tensor a convolution is to read, and its weights int8 [cout, kh, kw, inputs of a group].

    weights: -255 to 255, in the same shape.
    Example: weight 200 of channel 3 becomes 127 on channel 3 and 73 on a copy of it.
    """
    depth = weights.shape[3]
    parts: list[NDArray[np.int16]] = []
    again = np.arange(depth)  # inputs of a group that are read once more, by the next part
    index: list[NDArray[np.int64]] = []
    rest = weights
    while not parts or again.size:
        parts.append(np.clip(rest[..., again], LOW, HIGH))
        index.append(again)
        rest = rest.copy()
        rest[..., again] -= parts[-1]
        # a group has as many inputs as any other: one that is read again in some is so in all
        again = np.flatnonzero(rest.any(axis=(0, 1, 2)))
    each = np.concatenate(index)
    channels = [int(c) for group in range(groups) for c in group * depth + each]
    read = builder.with_channels(tensor, tuple(channels), node)
    return read, np.ascontiguousarray(np.concatenate(parts, axis=3)).astype(np.int8)
