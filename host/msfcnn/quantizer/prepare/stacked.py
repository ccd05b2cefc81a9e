"""Values that are stacked along a new axis and reduced over it, as sums or maxima of the values.

torch.stack(branches).mean(0) and the like need one axis more than an image has, for a moment.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of

COMBINED = {"ReduceMean": "Add", "ReduceSum": "Add", "ReduceMax": "Max", "ReduceMin": "Min"}


def combine_stacked(edited: EditedGraph) -> None:
    """Replaces such reductions by operations of two values each, in place."""
    for node in edited.nodes:
        parts = _stacked(edited, node)
        if parts is not None:
            _combine(edited, node, parts)
    edited.drop_unused()


def _axes(edited: EditedGraph, node: onnx.NodeProto) -> list[int] | None:
    """The axes of a node, an attribute or an input; None if they are computed or left out."""
    listed = attribute(node, "axes")
    if listed is not None:
        return list(listed)
    found = edited.constant(node, 1)
    return None if found is None else [int(axis) for axis in found.ravel()]


def _stacked(edited: EditedGraph, node: onnx.NodeProto) -> list[str] | None:
    """The values that a node reduces over their stack; None for any other node."""
    if kind_of(node) not in COMBINED or attribute(node, "keepdims", 1):
        return None
    stack = edited.producer(node.input[0])
    if stack is None or kind_of(stack) != "Concat" or len(stack.input) < 2:
        return None
    axis = attribute(stack, "axis")
    if edited.lone_reader(node.input[0]) is None or _axes(edited, node) != [axis]:
        return None
    layers = [edited.producer(name) for name in stack.input]
    if any(
        layer is None or kind_of(layer) != "Unsqueeze" or _axes(edited, layer) != [axis]
        for layer in layers
    ):
        return None
    return [layer.input[0] for layer in layers if layer is not None]


def _combine(edited: EditedGraph, node: onnx.NodeProto, parts: list[str]) -> None:
    """A chain of Add, Max or Min; a mean is a sum times a number."""
    result, total = node.output[0], parts[0]
    mean = kind_of(node) == "ReduceMean"
    for index, name in enumerate(parts[1:]):
        last = index == len(parts) - 2 and not mean
        target = result if last else edited.new_name(f"{result}_part")
        label = node.name if last else target
        kind = COMBINED[kind_of(node)]
        edited.insert_before(node, helper.make_node(kind, [total, name], [target], label))
        total = target
    if mean:
        share = edited.add_constant(f"{result}_share", np.array(1 / len(parts), np.float32))
        edited.insert_before(node, helper.make_node("Mul", [total, share], [result], node.name))
    edited.remove(node)
