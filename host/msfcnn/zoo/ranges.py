"""Values that share a scale, as in networks that were quantized for engines like this one."""

from __future__ import annotations

from msfcnn.zoo.drawing import Drawing
from msfcnn.zoo.layers import (
    ConcatLayer,
    EnlargeLayer,
    ShuffleLayer,
    SliceLayer,
    WindowPoolLayer,
)

Range = tuple[float, float]

MOVERS = (ConcatLayer, EnlargeLayer, ShuffleLayer, SliceLayer, WindowPoolLayer)
"""Layers that compute nothing: with one scale for all they read and make, they only copy bytes."""


def shared(net: Drawing, ranges: list[Range]) -> list[Range]:
    """The ranges of all values, wide enough for all that must have the same scale.

    ranges: (low, high) by value. Values that a layer of MOVERS reads and makes are put into one set
    (the one of the lower number), however long the chain; each gets the widest range of its set.
    """
    first = list(range(len(ranges)))  # of the values that share a scale, by value

    def root(value: int) -> int:
        """The lowest value of the set that a value is in."""
        while first[value] != value:
            value = first[value]
        return value

    for index, layer in enumerate(net.layers):
        if isinstance(layer, MOVERS):
            for source in layer.inputs:
                ends = sorted((root(source), root(index + 1)))
                first[ends[1]] = ends[0]
    together: dict[int, list[Range]] = {}
    for value, found in enumerate(ranges):
        together.setdefault(root(value), []).append(found)
    widest = {
        key: (min(low for low, _ in group), max(high for _, high in group))
        for key, group in together.items()
    }
    return [widest[root(value)] for value in range(len(ranges))]
