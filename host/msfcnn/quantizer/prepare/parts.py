"""Values put together from parts at fixed places: a Where by a constant mask, a ScatterND.

Masks are products with 0 and 1. What is written into a box of another value (x[:, :3, 1:] = y) is
padded to its size, and added to what is left of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of
from msfcnn.quantizer.shapes import shapes_of

Shape = tuple[int, ...]
Mask = NDArray[np.bool_]  # where a value may be other than 0


def spell_out_parts(edited: EditedGraph) -> None:
    """Replaces such nodes in place, where all places are known."""
    if not {kind_of(node) for node in edited.nodes} & {"ScatterND", "Where"}:
        return
    shapes = shapes_of(edited.model)
    filled: dict[str, Mask] = {}
    for node in edited.nodes:
        if kind_of(node) == "Where":
            _choose(edited, node)
        elif kind_of(node) == "ScatterND":
            _write(edited, node, shapes, filled)
    edited.drop_unused()


def _choose(edited: EditedGraph, node: NodeProto) -> None:
    """a where the mask holds and b elsewhere: a * mask + b * (1 - mask)."""
    mask = edited.constant(node, 0)
    if mask is None or all(edited.constant(node, i) is not None for i in (1, 2)):
        return
    terms = []
    for index, wanted in ((1, mask), (2, ~mask)):
        constant = edited.constant(node, index)
        if constant is None:
            terms.append(_masked(edited, node, node.input[index], wanted))
            continue
        kept = np.where(wanted, constant, np.zeros((), constant.dtype))
        if not np.isfinite(kept).all():
            return
        if kept.any():
            terms.append(edited.add_constant(f"{node.output[0]}_chosen", kept.astype(np.float32)))
    _sum(edited, node, terms)


def _write(
    edited: EditedGraph, node: NodeProto, shapes: Mapping[str, Shape], filled: dict[str, Mask]
) -> None:
    """Values written over a box of others. filled: by value what may be other than 0."""
    box = _box(edited, node, shapes)
    if box is None:
        return
    shape, result = _shape_of(edited, node.input[0], shapes), node.output[0]
    assert shape is not None
    inside = np.zeros(shape, bool)
    inside[box] = True
    constant = edited.constant(node, 0)
    before = filled.get(node.input[0], np.ones(shape, bool)) if constant is None else constant != 0
    terms = [_padded(edited, node, box, shape)]
    if constant is None and (before & inside).any():
        terms.append(_masked(edited, node, node.input[0], ~inside))
    elif constant is None:
        terms.append(node.input[0])
    elif (before & ~inside).any():
        kept = np.where(inside, 0, constant).astype(np.float32)
        terms.append(edited.add_constant(f"{result}_kept", kept))
    filled[result] = before | inside
    _sum(edited, node, terms)


def _box(
    edited: EditedGraph, node: NodeProto, shapes: Mapping[str, Shape]
) -> tuple[slice, ...] | None:
    """The box that a ScatterND fills in order; None if it is none, or not known."""
    shape, indices = _shape_of(edited, node.input[0], shapes), edited.constant(node, 1)
    reduction = attribute(node, "reduction", b"none")
    if shape is None or indices is None or reduction != b"none" or not indices.size:
        return None
    places = np.arange(np.prod(shape)).reshape(shape)
    written = places[tuple(np.moveaxis(indices, -1, 0))].ravel()
    corners = [np.unravel_index(place, shape) for place in (written.min(), written.max())]
    box = tuple(slice(int(a), int(b) + 1) for a, b in zip(*corners, strict=True))
    return box if np.array_equal(places[box].ravel(), written) else None


def _shape_of(edited: EditedGraph, name: str, shapes: Mapping[str, Shape]) -> Shape | None:
    """The shape of a value or constant."""
    stored = next((t for t in edited.graph.initializer if t.name == name), None)
    return shapes.get(name) if stored is None else tuple(stored.dims)


def _padded(edited: EditedGraph, node: NodeProto, box: tuple[slice, ...], shape: Shape) -> str:
    """What is written, in the shape of the box, with zeros around it."""
    result = node.output[0]
    target = edited.add_constant(f"{result}_box", np.array([s.stop - s.start for s in box]))
    sides = [s.start for s in box] + [n - s.stop for s, n in zip(box, shape, strict=True)]
    pads = edited.add_constant(f"{result}_pads", np.array(sides))
    shaped, padded = (edited.new_name(f"{result}_{kind}") for kind in ("shaped", "padded"))
    edited.insert_before(
        node,
        helper.make_node("Reshape", [node.input[2], target], [shaped], shaped),
        helper.make_node("Pad", [shaped, pads], [padded], padded),
    )
    return padded


def _masked(edited: EditedGraph, node: NodeProto, name: str, mask: NDArray[Any]) -> str:
    """A value times 1 where a mask holds, and 0 elsewhere."""
    if mask.all():
        return name
    factor = edited.add_constant(f"{node.output[0]}_mask", mask.astype(np.float32))
    product = edited.new_name(f"{node.output[0]}_masked")
    edited.insert_before(node, helper.make_node("Mul", [name, factor], [product], product))
    return product


def _sum(edited: EditedGraph, node: NodeProto, terms: list[str]) -> None:
    """The sum of one or two terms in the place of a node."""
    kind = "Add" if len(terms) > 1 else "Identity"
    edited.insert_before(node, helper.make_node(kind, terms, list(node.output), node.name))
    edited.remove(node)
