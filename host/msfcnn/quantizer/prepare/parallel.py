"""Convolutions of one input whose results are added up, as one convolution.

RepVGG, MobileOne and the like are trained with several branches where the finished network has one
layer. Convolution is linear: weights and biases are added, smaller kernels in the middle of larger
ones. Exported before its authors' own merging, such a network would be many times as large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of

Weights = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Convolution:
    """weights: [outputs, inputs / groups, *kernel]. before, after: padding of each axis."""

    node: onnx.NodeProto
    weights: Weights
    bias: Weights
    groups: int
    strides: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def reach(self) -> tuple[int, ...]:
        """By how much the kernel is larger than its padding: what the map shrinks by."""
        sides = zip(self.weights.shape[2:], self.before, self.after, strict=True)
        return tuple(k - before - after for k, before, after in sides)


def merge_parallel(edited: EditedGraph) -> list[str]:
    """Merges them in place; returns what was done. Nothing is merged that would then take more
    weights than before.
    """
    count = 0
    for add in edited.nodes:
        if kind_of(add) != "Add" or len(set(add.input)) != 2:
            continue
        found = [_convolution(edited, name) for name in add.input]
        if found[0] is None or found[1] is None:
            continue
        merged = _merged(found[0], found[1])
        if merged is not None:
            _replace(edited, add, merged)
            edited.remove(found[1].node)
            count += 1
    if not count:
        return []
    edited.drop_unused()
    return [f"sums of convolutions of one input made one convolution: {count}"]


def _convolution(edited: EditedGraph, name: str) -> _Convolution | None:
    """The convolution that writes a value for one reader, None if none does or it is dilated."""
    node = edited.producer(name)
    if node is None or kind_of(node) != "Conv" or edited.lone_reader(name) is None:
        return None
    weights, bias = edited.constant(node, 1), edited.constant(node, 2)
    computed = len(node.input) > 2 and bool(node.input[2]) and bias is None
    if weights is None or computed or attribute(node, "auto_pad", b"NOTSET") != b"NOTSET":
        return None
    rank = weights.ndim - 2
    if any(d != 1 for d in attribute(node, "dilations", [1] * rank)):
        return None
    pads = attribute(node, "pads", [0] * 2 * rank)
    return _Convolution(
        node=node,
        weights=weights,
        bias=np.zeros(len(weights), np.float32) if bias is None else bias,
        groups=attribute(node, "group", 1),
        strides=tuple(attribute(node, "strides", [1] * rank)),
        before=tuple(pads[:rank]),
        after=tuple(pads[rank:]),
    )


def _merged(a: _Convolution, b: _Convolution) -> _Convolution | None:
    """Both as one; None where they read differently or it would take more weights."""
    groups = min(a.groups, b.groups)
    # where the reach differs, a sum over several sizes may be a broadcast one
    same = (a.node.input[0], a.strides, a.reach) == (b.node.input[0], b.strides, b.reach)
    if not same or len(a.weights) != len(b.weights) or max(a.groups, b.groups) % groups:
        return None
    before = tuple(max(pair) for pair in zip(a.before, b.before, strict=True))
    kernel = tuple(
        start + max(k - p for k, p in ends)
        for start, *ends in zip(before, _ends(a), _ends(b), strict=True)
    )
    after = tuple(k - p - r for k, p, r in zip(kernel, before, a.reach, strict=True))
    dense = [_in_groups(c, groups) for c in (a, b)]
    size = int(np.prod((*dense[0].shape[:2], *kernel)))
    if dense[0].shape[:2] != dense[1].shape[:2] or size > a.weights.size + b.weights.size:
        return None
    weights = np.zeros((*dense[0].shape[:2], *kernel), np.float64)
    for part, values in zip((a, b), dense, strict=True):
        starts = [p - q for p, q in zip(before, part.before, strict=True)]
        ends = zip(starts, part.weights.shape[2:], strict=True)
        window = (slice(start, start + k) for start, k in ends)
        place: tuple[slice, ...] = (slice(None), slice(None), *window)
        weights[place] += values
    return _Convolution(
        node=a.node,
        weights=weights.astype(np.float32),
        bias=(a.bias.astype(np.float64) + b.bias).astype(np.float32),
        groups=groups,
        strides=a.strides,
        before=before,
        after=after,
    )


def _ends(part: _Convolution) -> list[tuple[int, int]]:
    """Kernel and padding before it, by axis."""
    return list(zip(part.weights.shape[2:], part.before, strict=True))


def _in_groups(part: _Convolution, groups: int) -> Weights:
    """The weights of a convolution as those of one of fewer groups, zeros for what is not read."""
    outputs, depth, *kernel = part.weights.shape
    share = part.groups // groups
    if share == 1:
        return part.weights
    wide = np.zeros((outputs, share, depth, *kernel), np.float32)
    group = np.arange(outputs) // (outputs // part.groups)
    wide[np.arange(outputs), group % share] = part.weights
    return wide.reshape(outputs, share * depth, *kernel)


def _replace(edited: EditedGraph, add: onnx.NodeProto, merged: _Convolution) -> None:
    """The merged convolution in the place of the sum; the sum's value keeps its name."""
    names = [
        edited.add_constant(f"{add.output[0]}_{role}", values)
        for role, values in (("weights", merged.weights), ("bias", merged.bias))
    ]
    attributes: dict[str, Any] = {
        "kernel_shape": list(merged.weights.shape[2:]),
        "strides": list(merged.strides),
        "pads": [*merged.before, *merged.after],
        "group": merged.groups,
    }
    inputs = [merged.node.input[0], *names]
    new = helper.make_node("Conv", inputs, [add.output[0]], merged.node.name, **attributes)
    edited.insert_before(add, new)
    edited.remove(merged.node)
    edited.remove(add)
