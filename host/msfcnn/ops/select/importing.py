"""Slice, Split, Gather and other operators of ONNX that only choose, reorder or repeat elements.

Each does to an array of positions (`View.positions`) what the node does to the values, in one line
of NumPy; `moved` finds out what that amounts to. Constants are computed at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from msfcnn.nodes import (
    Builder,
    Constant,
    Importer,
    Known,
    Node,
    Padding,
    Poison,
    Unsupported,
    Value,
    check_size,
    resolved_axes,
)
from msfcnn.ops.select.moving import Positions, moved
from msfcnn.ops.select.op import Select

DAMAGED = "the file is damaged; export it again"
_Index = NDArray[np.int64]
_Places = Callable[[tuple[int, ...], _Index], tuple[_Index, ...] | None]


def _part(builder: Builder, node: Node, known: Known, positions: Positions) -> Known:
    """The elements of a value at some positions, in the ONNX shape of `positions`.

    Channels are looked for along axis 1 first, then along the last axis (NHWC). Raises Unsupported
    for an order that only single elements would give, of a tensor too large for that.
    """
    rank = positions.ndim
    found = moved(builder, known, positions, (1, rank - 1) if rank > 2 else (1,), node)
    if found is None:
        what = f"takes a part of {list(known.shape)} that is no rows, columns and channels"
        raise Unsupported(what, "take parts of channels, rows or columns")
    return found


def _slice(builder: Builder, node: Node) -> Value:
    """Slice with constant bounds, which may count from the end; steps may be negative.

    ONNX ends a backward slice that takes the first element at any number below -size, for which
    Python wants None. Raises Unsupported for lists that do not fit each other.
    """
    value = builder.value(node, 0)
    if isinstance(value, Poison):
        return value
    lists = [builder.integers(node, i, "list of bounds") for i in (1, 2)]
    starts, ends = (found or () for found in lists)
    rank = len(value.shape)
    axes = builder.axes(node, 3, rank)
    steps = builder.integers(node, 4, "list of steps") or (1,) * len(starts)
    cut: list[slice] = [slice(None)] * rank
    chosen = tuple(range(rank))[: len(starts)] if axes is None else axes
    if not len(chosen) == len(starts) == len(ends) == len(steps) or 0 in steps:
        what = f"its starts {list(starts)}, ends {list(ends)} and steps {list(steps)} do not fit"
        raise Unsupported(what, DAMAGED)
    for axis, start, end, step in zip(chosen, starts, ends, steps, strict=True):
        cut[axis] = slice(start, None if step < 0 and end < -value.shape[axis] else end, step)
    if isinstance(value, Constant):
        return value.mapped(lambda v: v[tuple(cut)])
    known = builder.activation(node, 0)
    return _part(builder, node, known, known.view.positions()[tuple(cut)])


def _split(builder: Builder, node: Node) -> Value:
    """Split: one part an output, of listed sizes or equal ones (the last may be smaller).

    An importer returns its first output only: the other parts are put under their names here.
    Raises Unsupported for sizes that do not add up.
    """
    known = builder.activation(node, 0)
    axis = resolved_axes((node.integer("axis", 0),), len(known.shape))[0]
    size, parts = known.shape[axis], len(node.outputs)
    listed = builder.integers(node, 1, "list of sizes") or node.integers("split")
    each = -(-size // (node.integer("num_outputs", parts) or parts))
    sizes = listed or tuple(min(each, size - i * each) for i in range(parts))
    if sum(sizes) != size or len(sizes) != parts:
        raise Unsupported(f"its parts {list(sizes)} do not add up to {size}", "the file is damaged")
    ends = np.cumsum(sizes)
    found: list[Value] = [
        _part(builder, node, known, known.view.positions().take(range(e - n, e), axis))
        for n, e in zip(sizes, ends.tolist(), strict=True)
    ]
    for name, part in zip(node.outputs[1:], found[1:], strict=True):
        builder.values[name] = part
    return found[0]


def _gather(builder: Builder, node: Node) -> Value:
    """Gather with constant indices, negative ones from the end.

    Indices of several axes put these axes in the place of the one they index; none (a scalar) drops
    it. Raises Unsupported for indices that are no integers or out of range.
    """
    value = builder.value(node, 0)
    constant = builder.constant(node, 1, "list of indices")
    listed = builder.integers(node, 1, "list of indices")
    if constant is None or listed is None or isinstance(value, Poison):
        return Poison()
    indices = np.array(listed, np.int64).reshape(constant.shape)
    rank = len(value.shape)
    axis = resolved_axes((node.integer("axis", 0),), rank)[0]
    if (
        indices.size
        and not -value.shape[axis] <= indices.min() <= indices.max() < value.shape[axis]
    ):
        raise Unsupported("an index is out of range", "the file is damaged; export it again")
    if isinstance(value, Constant):
        return value.mapped(lambda v: v.take(indices, axis))
    known = builder.activation(node, 0)
    shape = (*known.shape[:axis], *indices.shape, *known.shape[axis + 1 :])
    check_size("its output", shape)
    taken = known.view.positions().take(indices.ravel(), axis)
    part = _part(builder, node, known, taken)
    return replace(part, view=part.view.reshaped(shape, node))


def _gather_nd(builder: Builder, node: Node) -> Value:
    """GatherND with constant indices, each a place along the first axes, which they replace."""
    if node.integer("batch_dims", 0) != 0:
        raise Unsupported("takes other indices for each image", "use batch_dims=0")

    def places(shape: tuple[int, ...], indices: _Index) -> tuple[_Index, ...] | None:
        if indices.ndim == 0 or not 1 <= indices.shape[-1] <= len(shape):
            return None
        return tuple(np.moveaxis(indices, -1, 0))

    return _indexed(builder, node, places)


def _gather_elements(builder: Builder, node: Node) -> Value:
    """GatherElements with constant indices: one along an axis for each element of the output."""

    def places(shape: tuple[int, ...], indices: _Index) -> tuple[_Index, ...] | None:
        axis = resolved_axes((node.integer("axis", 0),), len(shape))[0]
        if indices.ndim != len(shape):
            return None
        grid: list[_Index] = list(np.indices(indices.shape, sparse=True))
        grid[axis] = indices
        return tuple(grid)

    return _indexed(builder, node, places)


def _indexed(builder: Builder, node: Node, places: _Places) -> Value:
    """The elements that constant indices name, in NumPy's way of indexing.

    places: of the shape of the value and the indices as they are; None where they do not fit.
    Raises Unsupported for indices that do not fit, are no integers or out of range.
    """
    value = builder.value(node, 0)
    constant = builder.constant(node, 1, "list of indices")
    listed = builder.integers(node, 1, "list of indices")
    if constant is None or listed is None or isinstance(value, Poison):
        return Poison()
    found = places(value.shape, np.array(listed, np.int64).reshape(constant.shape))
    if found is None or any(
        i.size and not -n <= i.min() <= i.max() < n
        for i, n in zip(found, value.shape, strict=False)
    ):
        raise Unsupported("its indices do not fit", DAMAGED)
    if isinstance(value, Constant):
        return value.mapped(lambda v: v[found])
    known = builder.activation(node, 0)
    check_size("its output", np.broadcast_shapes(*(i.shape for i in found)))
    return _part(builder, node, known, known.view.positions()[found])


def _expand(builder: Builder, node: Node) -> Value:
    """Expand to a constant shape."""
    value = builder.value(node, 0)
    wanted = builder.integers(node, 1, "shape")
    if wanted is None or isinstance(value, Poison):
        return Poison()
    try:
        shape = np.broadcast_shapes(value.shape, wanted)
    except ValueError:
        what = f"cannot expand {list(value.shape)} to {list(wanted)}"
        raise Unsupported(what, DAMAGED) from None
    check_size("its output", shape)
    if isinstance(value, Constant):
        return value.mapped(lambda v: np.broadcast_to(v, shape))
    return spread(builder, node, builder.activation(node, 0), shape)


def spread(builder: Builder, node: Node, known: Known, shape: tuple[int, ...]) -> Known:
    """A value repeated along axes of 1, as NumPy broadcasts it to a shape."""
    if known.shape == shape:
        return known
    if len(known.shape) < len(shape):
        missing = (1,) * (len(shape) - len(known.shape))
        known = replace(known, view=known.view.reshaped((*missing, *known.shape), node))
    return _part(builder, node, known, np.broadcast_to(known.view.positions(), shape))


def both(builder: Builder, node: Node) -> tuple[Known, Known]:
    """The two activations of a node in one shape, as NumPy broadcasts them."""
    left, right = (builder.settled(builder.activation(node, i), node) for i in (0, 1))
    try:
        shape = np.broadcast_shapes(left.shape, right.shape)
    except ValueError:
        what = f"combines activations of the shapes {list(left.shape)} and {list(right.shape)}"
        raise Unsupported(what, DAMAGED) from None
    return spread(builder, node, left, shape), spread(builder, node, right, shape)


def _tile(builder: Builder, node: Node) -> Value:
    """Tile by constant repeats."""
    value = builder.value(node, 0)
    times = builder.integers(node, 1, "list of repeats")
    if times is None or isinstance(value, Poison):
        return Poison()
    if len(times) != len(value.shape) or min(times, default=1) < 1:
        raise Unsupported(f"its repeats {list(times)} do not fit {list(value.shape)}", DAMAGED)
    check_size("its output", tuple(n * t for n, t in zip(value.shape, times, strict=True)))
    if isinstance(value, Constant):
        return value.mapped(lambda v: np.tile(v, times))
    known = builder.activation(node, 0)
    return _part(builder, node, known, np.tile(known.view.positions(), times))


def _space_to_depth(builder: Builder, node: Node) -> Value:
    """SpaceToDepth: the pixels of a block as channels, by place and then by channel."""
    known = builder.activation(node, 0)
    size = node.integer("blocksize", 1)
    if len(known.shape) != 4 or size < 1 or known.shape[2] % size or known.shape[3] % size:
        raise Unsupported(f"its block size {size} does not fit {list(known.shape)}", DAMAGED)
    _, channels, height, width = known.shape
    blocks = (1, channels, height // size, size, width // size, size)
    shape = (1, channels * size * size, height // size, width // size)
    apart = known.view.positions().reshape(blocks).transpose(0, 3, 5, 1, 2, 4).reshape(shape)
    return _part(builder, node, known, np.ascontiguousarray(apart))


def cropped(builder: Builder, known: Known, padding: Padding) -> Known:
    """A value without what negative pads of a Pad node take away."""
    sides = zip(padding.before, padding.after, known.shape, strict=True)
    kept = tuple(slice(max(0, -b), n - max(0, -a)) for b, a, n in sides)
    positions = known.view.positions()[kept]
    if positions.size == 0:
        raise Unsupported("crops everything away", DAMAGED, padding.node)
    return _part(builder, padding.node, known, np.ascontiguousarray(positions))


_PARTS = "Select, or a depthwise Conv that cuts out rows and columns"

Select.importers = (
    Importer(
        kind="Slice",
        convert=_slice,
        becomes=_PARTS,
        constraints=("constant bounds",),
    ),
    Importer(
        kind="Split", convert=_split, becomes=_PARTS, constraints=("along one axis, not batch",)
    ),
    Importer(
        kind="Gather",
        convert=_gather,
        becomes=_PARTS,
        constraints=("constant indices",),
    ),
    Importer(
        kind="GatherND",
        convert=_gather_nd,
        becomes=_PARTS,
        constraints=("constant indices, no batch_dims",),
    ),
    Importer(
        kind="GatherElements",
        convert=_gather_elements,
        becomes=_PARTS,
        constraints=("constant indices",),
    ),
    Importer(
        kind="Expand",
        convert=_expand,
        becomes="Upsample and Select",
        constraints=("constant shape",),
    ),
    Importer(
        kind="Tile", convert=_tile, becomes="Upsample and Select", constraints=("constant repeats",)
    ),
    Importer(
        kind="SpaceToDepth",
        convert=_space_to_depth,
        becomes="a depthwise Conv and Select",
        constraints=("[1, C, H, W]",),
    ),
)
