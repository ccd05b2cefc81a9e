"""Values that are stacked along a new axis, and axes of which they are reduced or shuffled.

torch.stack(branches).mean(0), (stack * gates).sum(1) and torch.stack((a, b), 2).flatten(1, 2) need
one axis more than an image has, for a moment: they become sums of parts, and a channel shuffle.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import helper

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of
from msfcnn.quantizer.shapes import shapes_of

COMBINED = {"ReduceMean": "Add", "ReduceSum": "Add", "ReduceMax": "Max", "ReduceMin": "Min"}
Shape = tuple[int, ...]
IMAGE_AXES = 4
MOST_PARTS = 8  # of an axis that is reduced: each is an operation of its own


def combine_stacked(edited: EditedGraph) -> None:
    """Replaces such reductions by operations of two values each, in place."""
    for node in edited.nodes:
        parts = _stacked(edited, node)
        if parts is not None:
            _combine(edited, node, parts)
    edited.drop_unused()
    shapes = shapes_of(edited.model)
    for node in edited.nodes:
        source = shapes.get(node.input[0], ()) if node.input else ()
        if kind_of(node) in COMBINED and len(source) > IMAGE_AXES:
            _take_apart(edited, node, source)
        elif kind_of(node) == "Concat" and len(source) == IMAGE_AXES + 1:
            _interleave(edited, node, shapes)
    edited.drop_unused()


def _take_apart(edited: EditedGraph, node: onnx.NodeProto, shape: Shape) -> None:
    """A reduction over one short axis of a value that is no image, as one of its slices."""
    axes = _axes(edited, node)
    if axes is None or len(axes) != 1 or attribute(node, "keepdims", 1):
        return
    axis = axes[0] % len(shape)
    if axis == 0 or not 1 < shape[axis] <= MOST_PARTS:
        return
    result = node.output[0]
    at = edited.add_constant(f"{result}_axis", np.array([axis]))
    parts = []
    for index in range(shape[axis]):
        first, last = (
            edited.add_constant(f"{result}_from", np.array([i])) for i in (index, index + 1)
        )
        piece, part = (edited.new_name(f"{result}_{kind}") for kind in ("slice", "part"))
        edited.insert_before(
            node,
            helper.make_node("Slice", [node.input[0], first, last, at], [piece], piece),
            helper.make_node("Squeeze", [piece, at], [part], part),
        )
        parts.append(part)
    _combine(edited, node, parts)


def _interleave(edited: EditedGraph, node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> None:
    """Images that are stacked behind their channels: joined by channels, which are then shuffled.

    [1, C, K, H, W] is the transpose of [1, K, C, H, W], and that is K images one after the other.
    """
    layers = [edited.producer(name) for name in node.input]
    images = [n.input[0] for n in layers if n is not None and kind_of(n) == "Unsqueeze"]
    found = {shapes.get(name) for name in images}
    shape = found.pop() if len(found) == 1 else None
    if attribute(node, "axis") != 2 or len(images) < len(node.input) or shape is None:
        return
    wanted = (shape[0], shape[1], 1, *shape[2:])
    if len(shape) != IMAGE_AXES or any(shapes.get(name) != wanted for name in node.input):
        return
    result = node.output[0]
    joined, apart = (edited.new_name(f"{result}_{kind}") for kind in ("joined", "apart"))
    sizes = np.array([shape[0], len(images), *shape[1:]])
    target = edited.add_constant(f"{result}_shape", sizes)
    edited.insert_before(
        node,
        helper.make_node("Concat", images, [joined], joined, axis=1),
        helper.make_node("Reshape", [joined, target], [apart], apart),
        helper.make_node("Transpose", [apart], [result], node.name, perm=[0, 2, 1, 3, 4]),
    )
    edited.remove(node)


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
    if _axes(edited, node) != [axis]:
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
