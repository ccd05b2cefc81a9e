"""Padding that repeats the image (reflected, replicated, circular) or a number, in what msfcnn has.

Rows and columns are cut out and joined to the image, one by one. A number is subtracted first, so
that zeros are padded, and added again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import onnx
from onnx import helper

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of
from msfcnn.quantizer.shapes import shapes_of

MOST = 16  # rows or columns on a side that are cut out one by one
LARGEST_NUMBER = 1e6  # -3e38 stands for minus infinity, which is no number to add

# the row that a row before the image (negative) or behind it shows, of n rows (ONNX, Pad)
_SHOWN: Mapping[str, Callable[[int, int], int]] = {
    "reflect": lambda row, n: -row if row < 0 else 2 * (n - 1) - row,
    "edge": lambda row, n: min(max(row, 0), n - 1),
    "wrap": lambda row, n: row % n,
}


def spell_out_paddings(edited: EditedGraph) -> None:
    """Replaces such Pad nodes in place; those of channels, or wider than the image, stay."""
    pads = [node for node in edited.nodes if kind_of(node) == "Pad"]
    if not pads:
        return
    shapes = shapes_of(edited.model)
    for node in pads:
        amounts = edited.constant(node, 1)
        if amounts is not None and not amounts.any():  # a kernel of 1 or 2 with a border of its own
            edited.bypass(node)
            continue
        shape = shapes.get(node.input[0])
        sizes = None if shape is None else _sizes(edited, node, len(shape))
        if shape is None or sizes is None:
            continue
        mode = attribute(node, "mode", b"constant").decode()
        if mode == "constant":
            _around_number(edited, node)
        elif all(_fits(mode, shape[axis], *given) for axis, given in sizes.items()):
            _repeat(edited, node, shape, sizes, _SHOWN[mode])
    edited.drop_unused()


def _sizes(
    edited: EditedGraph, node: onnx.NodeProto, rank: int
) -> dict[int, tuple[int, int]] | None:
    """What is padded before and behind by axis; None unless all of it is pixels and known."""
    listed = edited.constant(node, 1)
    if listed is None:
        return None
    axes = edited.constant(node, 3)
    chosen = range(rank) if axes is None else [int(axis) % rank for axis in axes.ravel()]
    sides = listed.reshape(2, -1).T.tolist()
    if len(sides) != len(chosen):
        return None
    found = {axis: (s[0], s[1]) for axis, s in zip(chosen, sides, strict=True) if any(s)}
    pixels = all(axis >= 2 and min(given) >= 0 for axis, given in found.items())
    return found if found and pixels else None


def _fits(mode: str, size: int, before: int, behind: int) -> bool:
    """Whether a border is made of rows of the image, and of few."""
    limit = size - 1 if mode == "reflect" else size
    return max(before, behind) <= (MOST if mode == "edge" else min(MOST, limit))


def _around_number(edited: EditedGraph, node: onnx.NodeProto) -> None:
    """pad(x, v) as pad(x - v, 0) + v."""
    value = edited.constant(node, 2)
    if value is None or not value.any() or abs(float(value.ravel()[0])) > LARGEST_NUMBER:
        return
    result = node.output[0]
    less, padded = (edited.new_name(f"{result}_{kind}") for kind in ("less", "padded"))
    number = edited.add_constant(f"{result}_number", np.array(value.ravel()[0], np.float32))
    axes = node.input[3:4]
    zeros = edited.add_constant(f"{result}_zero", np.array(0, np.float32))
    edited.insert_before(
        node,
        helper.make_node("Sub", [node.input[0], number], [less], less),
        helper.make_node("Pad", [less, node.input[1], zeros, *axes], [padded], padded),
        helper.make_node("Add", [padded, number], [result], node.name),
    )
    edited.remove(node)


def _repeat(
    edited: EditedGraph,
    node: onnx.NodeProto,
    shape: tuple[int, ...],
    sizes: Mapping[int, tuple[int, int]],
    shown: Callable[[int, int], int],
) -> None:
    """One axis after the other: what stands before, the image, what stands behind."""
    name, result = node.input[0], node.output[0]
    for count, (axis, (before, behind)) in enumerate(sizes.items()):
        size = shape[axis]
        rows = [*range(-before, 0), *range(size, size + behind)]
        parts = [_row(edited, node, name, axis, shown(row, size)) for row in rows]
        joined = result if count == len(sizes) - 1 else edited.new_name(f"{result}_joined")
        inputs = [*parts[:before], name, *parts[before:]]
        label = node.name if joined == result else joined
        edited.insert_before(node, helper.make_node("Concat", inputs, [joined], label, axis=axis))
        name = joined
    edited.remove(node)


def _row(edited: EditedGraph, node: onnx.NodeProto, name: str, axis: int, row: int) -> str:
    """One row or column of a value, by a Slice in front of a node."""
    part = edited.new_name(f"{node.output[0]}_row")
    bounds = [
        edited.add_constant(f"{part}_{kind}", np.array([number]))
        for kind, number in (("from", row), ("to", row + 1), ("axis", axis))
    ]
    edited.insert_before(node, helper.make_node("Slice", [name, *bounds], [part], part))
    return part
