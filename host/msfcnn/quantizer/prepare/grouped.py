"""Group normalization that is written in five axes, [1, G, C/G, H, W] or [1, H, W, G, C/G].

Keras takes it apart in this way, and people who write it by hand do. The same arithmetic on
[1, C, H, W] has the mean of a group for each of its channels; the axes are never taken apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of
from msfcnn.quantizer.kinds import FUNCTIONS, WITH_NUMBER
from msfcnn.quantizer.prepare.statistics_layers import NewNodes
from msfcnn.quantizer.shapes import shapes_of

Shape = tuple[int, ...]
# canonical axes: image, group, channel of the group, pixels from here on
GROUP, MEMBER, PIXELS = 1, 2, 3
POINTWISE = FUNCTIONS | WITH_NUMBER | {"Clip", "Div", "Pow", "Relu"}


@dataclass(frozen=True)
class _Split:
    """How channels are taken apart. sizes: of the canonical axes.

    axes: which canonical axes an axis of the split value stands for, one tuple each.
    """

    sizes: Shape
    axes: tuple[tuple[int, ...], ...]
    channels_last: bool

    @property
    def channels(self) -> int:
        """Of all groups together."""
        return self.sizes[GROUP] * self.sizes[MEMBER]


def join_groups(edited: EditedGraph) -> None:
    """Rewrites such arithmetic in place, where all of it fits."""
    if not any(kind_of(node) == "ReduceMean" for node in edited.nodes):
        return
    shapes = shapes_of(edited.model)
    for node in edited.nodes:
        if kind_of(node) != "Reshape" or node not in edited.graph.node:
            continue
        source, target = shapes.get(node.input[0]), shapes.get(node.output[0])
        if source is None or target is None:
            continue
        for split in _readings(source, target):
            region = _Region(edited, node, split, shapes)
            if region.fits():
                region.rewrite()
                break
    edited.drop_unused()


def _readings(source: Shape, target: Shape) -> Iterator[_Split]:
    """The ways in which a Reshape may take channels apart."""
    if not 3 <= len(source) <= 4 or source[0] != 1 or target[0] != 1:
        return
    for last in (False, True):
        channels = source[-1] if last else source[1]
        pixels = source[1:-1] if last else source[2:]
        places = tuple(range(PIXELS, PIXELS + len(pixels)))
        apart = [(n,) for n in places]
        orders: list[tuple[tuple[int, ...], ...]]
        if last:
            orders = [((0,), *a, (GROUP,), (MEMBER,)) for a in (apart, [places])]
        else:
            orders = [((0,), (GROUP,), (MEMBER,), *a) for a in (apart, [places])]
            orders.append(((0,), (GROUP,), (MEMBER, *places)))
        for axes in orders:
            groups = target[axes.index((GROUP,))] if len(axes) == len(target) else 0
            if not groups or channels % groups or groups == channels:
                continue
            split = _Split((1, groups, channels // groups, *pixels), axes, last)
            if target == tuple(math.prod(split.sizes[n] for n in axis) for axis in axes):
                yield split


class _Region:
    """What is computed between the Reshape that takes channels apart and those that join them."""

    def __init__(
        self, edited: EditedGraph, start: NodeProto, split: _Split, shapes: Mapping[str, Shape]
    ) -> None:
        self._edited, self._start, self._split, self._shapes = edited, start, split, shapes
        self._orders = {start.output[0]: split.axes}
        self._nodes: list[NodeProto] = []

    def fits(self) -> bool:
        """Whether every reader is arithmetic that channels as one axis can do, with a mean."""
        means = False
        for node in self._edited.nodes:
            if not any(name in self._orders for name in node.input):
                continue
            if not (self._is_end(node) or self._follow(node)):
                return False
            means |= kind_of(node) == "ReduceMean"
            self._nodes.append(node)
        return means and not any(name in self._orders for name in self._edited.outputs)

    def _is_end(self, node: NodeProto) -> bool:
        """A Reshape to channels as one axis, before or behind the pixels."""
        if kind_of(node) != "Reshape":
            return False
        order, pixels = self._orders.get(node.input[0], ()), self._split.sizes[PIXELS:]
        target, flat = self._shapes.get(node.output[0]), [n for axis in order for n in axis]
        if flat == sorted(flat):
            return target == (1, self._split.channels, *pixels)
        return flat[-2:] == [GROUP, MEMBER] and target == (1, *pixels, self._split.channels)

    def _follow(self, node: NodeProto) -> bool:
        """Note the axes of what a node writes; False if it does anything else than expected."""
        kind, result = kind_of(node), node.output[0]
        order = self._orders.get(node.input[0])
        if kind == "Transpose" and order is not None:
            self._orders[result] = tuple(order[n] for n in attribute(node, "perm"))
            return True
        if kind == "ReduceMean" and order is not None:
            self._orders[result] = order
            return self._is_of_groups(node, order)
        if kind not in POINTWISE or len(node.output) != 1:
            return False
        orders = {self._orders[n] for n in node.input if n in self._orders}
        if len(orders) != 1:
            return False
        self._orders[result] = orders.pop()
        others = [i for i, n in enumerate(node.input) if n and n not in self._orders]
        return all(self._constant(node, i) is not None for i in others)

    def _is_of_groups(self, node: NodeProto, order: tuple[tuple[int, ...], ...]) -> bool:
        """Whether the mean is over all of each group, and keeps its axes."""
        given = attribute(node, "axes")
        axes = self._edited.constant(node, 1) if given is None else np.array(given)
        if axes is None or not attribute(node, "keepdims", 1):
            return False
        reduced = {n for axis in axes.ravel() for n in order[int(axis)]}
        whole = self._shapes.get(node.input[0]) == self._whole(order)
        return whole and reduced == set(range(MEMBER, len(self._split.sizes)))

    def _whole(self, order: tuple[tuple[int, ...], ...]) -> Shape:
        """The shape of a value of which nothing is reduced."""
        return tuple(math.prod(self._split.sizes[n] for n in axis) for axis in order)

    def _constant(self, node: NodeProto, index: int) -> NDArray[np.float32] | None:
        """A constant for channels as one axis; None if it is none, or does not fit."""
        stored, order = self._edited.constant(node, index), self._orders[node.output[0]]
        if stored is None or stored.ndim > len(order):
            return None
        if stored.size == 1:
            return stored.reshape(()).astype(np.float32)
        shape = (*[1] * (len(order) - stored.ndim), *stored.shape)
        padded = stored.reshape(shape)
        sizes: list[int] = []
        for axis, extent in zip(order, shape, strict=True):
            whole = [self._split.sizes[n] for n in axis]
            if extent not in (1, math.prod(whole)):
                return None
            sizes += whole if extent > 1 else [1] * len(axis)
        flat = [n for axis in order for n in axis]
        apart = padded.reshape(sizes).transpose([flat.index(n) for n in range(len(flat))])
        wide = np.broadcast_to(apart, (1, *self._split.sizes[1:PIXELS], *apart.shape[PIXELS:]))
        return wide.reshape(1, self._split.channels, *apart.shape[PIXELS:]).astype(np.float32)

    def rewrite(self) -> None:
        """The same arithmetic with channels as one axis."""
        value = self._start.input[0]
        pixels = len(self._split.sizes) - PIXELS
        if self._split.channels_last:
            perm = [0, pixels + 1, *range(1, pixels + 1)]
            value = NewNodes(self._edited, self._start).add("Transpose", [value], "map", perm=perm)
        joined = {self._start.output[0]: value}
        for node in self._nodes:
            self._rewrite(node, joined, pixels)

    def _rewrite(self, node: NodeProto, joined: dict[str, str], pixels: int) -> None:
        """One node of the region. joined: by value the one with channels as one axis."""
        kind, steps = kind_of(node), NewNodes(self._edited, node)
        if kind == "Transpose":
            joined[node.output[0]] = joined[node.input[0]]
        elif kind == "ReduceMean":
            axes = range(2, 2 + pixels)
            mean = steps.mean_of_groups(axes, self._split.channels, self._split.sizes[GROUP])
            joined[node.output[0]] = mean(joined[node.input[0]], "mean")
        elif kind == "Reshape":
            self._end(node, joined[node.input[0]], pixels)
        else:
            inputs = []
            for index, name in enumerate(node.input):
                constant = self._constant(node, index)
                fitting = name if constant is None else steps.constant("constant", constant)
                inputs.append(joined.get(name, fitting))
            given = {a.name: attribute(node, a.name) for a in node.attribute}
            joined[node.output[0]] = steps.add(kind, inputs, "joined", **given)

    def _end(self, node: NodeProto, value: str, pixels: int) -> None:
        """The value in the place of what the Reshape wrote."""
        order = [n for axis in self._orders[node.input[0]] for n in axis]
        behind = [0, *range(2, 2 + pixels), 1]
        perm = list(range(2 + pixels)) if order == sorted(order) else behind
        joined = NewNodes(self._edited, node).add("Transpose", [value], "joined", perm=perm)
        node.op_type = "Identity"
        del node.input[:], node.attribute[:]
        node.input.append(joined)
