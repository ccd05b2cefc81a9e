"""Layer, instance, group and root mean square normalization as the arithmetic that they are.

Means are pools or convolutions, squares and inverse roots are tables, the rest is sums and
products; msfcnn has all of these. Where a shape is open a layer stays, and is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of
from msfcnn.quantizer.prepare.quotients import TINY
from msfcnn.quantizer.shapes import shapes_of

Shape = tuple[int, ...]
Mean = Callable[[str, str], str]  # from a value and a name to its mean, which broadcasts
EPSILON = 1e-5  # ONNX's default for all of them
AXES_ARE_INPUTS = 18  # first opset of ReduceMean with them


def spell_out_normalizations(edited: EditedGraph, kinds: Collection[str] = ()) -> None:
    """Replaces normalization layers, in place, if their shapes and parameters are known.

    kinds: only of these. Shapes that a network computes are known once its constants are folded.
    """
    wanted = kinds or _SPELLERS
    if not any(kind_of(node) in wanted for node in edited.nodes):
        return
    shapes = shapes_of(edited.model)
    for node in edited.nodes:
        if kind_of(node) in wanted and not any(node.output[1:]):
            _SPELLERS[kind_of(node)](edited, node, shapes)
    edited.drop_unused()


def _layer(edited: EditedGraph, node: NodeProto, shapes: Mapping[str, Shape]) -> None:
    """LayerNormalization: over the axes from `axis` on; RMSNormalization without the mean."""
    shape = shapes.get(node.input[0])
    factor = edited.constant(node, 1)
    if (
        shape is None
        or factor is None
        or (len(node.input) > 2 and edited.constant(node, 2) is None)
    ):
        return
    first = attribute(node, "axis", -1) % len(shape)
    steps = NewNodes(edited, node)
    mean = steps.mean_over(range(first, len(shape)))
    centered = kind_of(node) == "LayerNormalization"
    steps.normalize(node.input[0], mean, centered, factor, edited.constant(node, 2))


def _instance(edited: EditedGraph, node: NodeProto, shapes: Mapping[str, Shape]) -> None:
    """InstanceNormalization: each channel over its pixels; of a reshaped value it is groups."""
    shape = shapes.get(node.input[0])
    factor, offset = edited.constant(node, 1), edited.constant(node, 2)
    if shape is None or factor is None or offset is None or len(shape) < 3:
        return
    if _reshaped_groups(edited, node, shapes, factor, offset):
        return
    steps = NewNodes(edited, node)
    column = (-1, *[1] * (len(shape) - 2))
    mean = steps.mean_over(range(2, len(shape)))
    steps.normalize(node.input[0], mean, True, factor.reshape(column), offset.reshape(column))


def _group(edited: EditedGraph, node: NodeProto, shapes: Mapping[str, Shape]) -> None:
    """GroupNormalization: factors are of groups before opset 21, of channels since."""
    shape, groups = shapes.get(node.input[0]), attribute(node, "num_groups", 1)
    factor, offset = edited.constant(node, 1), edited.constant(node, 2)
    if shape is None or factor is None or offset is None or len(shape) < 3 or shape[1] % groups:
        return
    _in_groups(edited, node, (node.input[0], shape), groups, factor, offset)


def _reshaped_groups(
    edited: EditedGraph,
    node: NodeProto,
    shapes: Mapping[str, Shape],
    factor: NDArray[np.float32],
    offset: NDArray[np.float32],
) -> bool:
    """[1, C, H, W] as [1, G, -1], normalized and shaped back: PyTorch's older exporter."""
    before, behind = edited.producer(node.input[0]), edited.lone_reader(node.output[0])
    if before is None or behind is None or {kind_of(before), kind_of(behind)} != {"Reshape"}:
        return False
    source, groups = shapes.get(before.input[0]), shapes[node.input[0]][1]
    if source is None or source != shapes.get(behind.output[0]) or len(source) < 3:
        return False
    if source[1] % groups or len(shapes[node.input[0]]) != 3:
        return False
    node.output[0] = behind.output[0]
    edited.remove(behind)
    _in_groups(edited, node, (before.input[0], source), groups, factor, offset)
    return True


def _in_groups(
    edited: EditedGraph,
    node: NodeProto,
    value: tuple[str, Shape],
    groups: int,
    factor: NDArray[np.float32],
    offset: NDArray[np.float32],
) -> None:
    """Over the pixels of the channels of each group. value: name and shape."""
    source, shape = value
    channels = shape[1]
    column = (-1, *[1] * (len(shape) - 2))
    steps = NewNodes(edited, node)
    mean = steps.mean_of_groups(range(2, len(shape)), channels, groups)
    factors = [np.repeat(v, channels // v.size).reshape(column) for v in (factor, offset)]
    steps.normalize(source, mean, True, *factors)


class NewNodes:
    """New nodes in front of the one that they replace."""

    def __init__(self, edited: EditedGraph, node: NodeProto) -> None:
        self._edited = edited
        self._node = node

    def add(self, kind: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """A node; returns what it writes, called after the layer and `name`."""
        value = self._edited.new_name(f"{self._node.output[0]}_{name}")
        made = helper.make_node(
            kind, list(inputs), [value], f"{self._node.name}/{name}", **attributes
        )
        self._edited.insert_before(self._node, made)
        return value

    def constant(self, name: str, values: NDArray[np.generic] | float) -> str:
        """A new constant, of the layer's name and its own; numbers as float32."""
        stored = np.array(values, np.float32) if isinstance(values, float) else values
        return self._edited.add_constant(f"{self._node.output[0]}_{name}", stored)

    def mean_over(self, axes: Sequence[int]) -> Mean:
        """The mean over some axes, which stay with size 1."""

        def mean(value: str, name: str) -> str:
            if self._edited.opset < AXES_ARE_INPUTS:
                return self.add("ReduceMean", [value], name, axes=list(axes), keepdims=1)
            listed = self.constant(f"{name}_axes", np.array(axes))
            return self.add("ReduceMean", [value, listed], name, keepdims=1)

        return mean

    def mean_of_groups(self, pixels: Sequence[int], channels: int, groups: int) -> Mean:
        """The mean over pixels, then over the channels of a group, for each channel."""
        of_pixels, size = self.mean_over(pixels), channels // groups

        def mean(value: str, name: str) -> str:
            alone = of_pixels(value, f"{name}_of_channels")
            if size == 1:
                return alone
            taps = np.full((channels, size, *[1] * len(pixels)), 1 / size, np.float32)
            weights = self.constant(f"{name}_weights", taps)
            return self.add("Conv", [alone, weights], name, group=groups)

        return mean

    def normalize(
        self,
        value: str,
        mean: Mean,
        centered: bool,
        factor: NDArray[np.float32],
        offset: NDArray[np.float32] | None,
    ) -> None:
        """(x - mean) / sqrt(mean of squares + epsilon) * factor + offset, in the node's place."""
        if centered:
            value = self.add("Sub", [value, mean(value, "mean")], "centered")
        square = self.add("Mul", [value, value], "square")
        epsilon = self.constant("epsilon", float(attribute(self._node, "epsilon", EPSILON)))
        sum_ = self.add("Add", [mean(square, "variance"), epsilon], "above_zero")
        root = self.add("Sqrt", [sum_], "root")
        divisor = self.add("Add", [root, self.constant("tiny", TINY)], "divisor")
        inverse = self.add("Reciprocal", [divisor], "inverse")
        value = self.add("Mul", [value, inverse], "normalized")
        value = self.add("Mul", [value, self.constant("factor", factor)], "scaled")
        if offset is not None:
            value = self.add("Add", [value, self.constant("offset", offset)], "shifted")
        self._edited.remove(self._node)
        self._rename(value)

    def _rename(self, value: str) -> None:
        """The last node writes what the layer wrote."""
        last = self._edited.producer(value)
        assert last is not None
        last.output[0] = self._node.output[0]


_SPELLERS: Mapping[str, Callable[[EditedGraph, NodeProto, Mapping[str, Shape]], None]] = {
    "GroupNormalization": _group,
    "InstanceNormalization": _instance,
    "LayerNormalization": _layer,
    "RMSNormalization": _layer,
}
