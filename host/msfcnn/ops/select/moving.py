"""Elements of a tensor at other places: cut out, reordered, spread over blocks, or padded.

Whatever an ONNX graph does to the order of elements ends in positions: where in the source each
element of the result lies. What that amounts to is found from them alone, the cheapest first: rows
and columns cut out by a sliding kernel of one tap and channels by a Select, blocks of pixels as
channels by a depthwise convolution, anything else by a Select on the tensor as one long pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import Geometry, Op
from msfcnn.nodes import (
    HWC,
    UNSET,
    Builder,
    Draft,
    Known,
    Node,
    Padding,
    Unsupported,
    View,
    map_view,
    view_with_channels,
)
from msfcnn.ops.conv import Conv
from msfcnn.ops.select.op import ZERO, Select
from msfcnn.ops.upsample import Upsample

LARGEST = 255  # kernel and stride are bytes in the tables
LONGEST = 16_384  # elements that are moved one by one: each takes two bytes of flash
MOST_CHANNELS = 0xFFFF - 1  # an index is uint16 in the tables
UNIT_WEIGHT = 127  # a factor of one: weight 127 of scale 1 / 127


Positions = NDArray[np.int32]  # of elements of a tensor, in some shape


@dataclass(frozen=True)
class _Steps:
    """Positions along an axis: first, first + step, ..., so many."""

    first: int
    step: int
    count: int


@dataclass(frozen=True, eq=False)
class _Grid:
    """A result of which each pixel is one of the source, with the same channels of it everywhere.

    rows, columns: of the source, for each of the result. axis: of the channels in ONNX.
    """

    rows: Positions
    columns: Positions
    channels: tuple[int, ...]
    axis: int


@dataclass(frozen=True, eq=False)
class _Blocks:
    """A result of which each pixel is a block of rows x columns of the source.

    channels: source channel and place in the block, as one number, for each of the result.
    """

    rows: int
    columns: int
    channels: tuple[int, ...]
    axis: int


def rearranged(builder: Builder, known: Known, axis: int, node: Node) -> Known | None:
    """A value whose channels lie in another order than in memory, moved; None if it is too long.

    axis: of its channels in ONNX. What `Builder.as_map` calls where a view alone will not do.
    """
    return moved(builder, known, known.view.positions(), (axis,), known.view.by or node)


def moved(
    builder: Builder, known: Known, positions: Positions, axes: Sequence[int], node: Node
) -> Known | None:
    """The elements of a value at some positions, in the shape of `positions`.

    axes: that may be those of the channels, the best first. None if there are too many to move.
    The values are the same bytes in the quantization of the source: moving loses nothing.
    """
    rank = positions.ndim
    image = rank in (2, 3, 4) and positions.shape[0] == 1 and positions.size > 0
    allowed = [axis for axis in axes if 1 <= axis < rank] if image else []
    maps = {axis: _as_map(positions, axis) for axis in allowed}
    for axis, read in maps.items():
        grid = _grid(known.view.hwc, read, axis)
        found = None if grid is None else _from_grid(builder, known, positions.shape, grid, node)
        if found is not None:
            return found
    for axis, read in maps.items():
        blocks = _blocks(known.view.hwc, read, axis)
        if blocks is not None:
            return _from_blocks(builder, known, positions.shape, blocks, read.shape[:2], node)
    return _one_by_one(builder, known, positions, allowed, node)


def chosen(builder: Builder, tensor: int, index: tuple[int, ...], node: Node) -> int:
    """A tensor made of channels of another: index lists a source channel for each of it."""
    known = Known(tensor, map_view(builder.tensors[tensor].shape, 4), real=True)
    return _selected(builder, node, known, index, 4, 1).tensor


def padded(builder: Builder, known: Known, padding: Padding) -> Known:
    """A value with the zeros of a Pad node that no op takes over.

    Rows and columns of zeros are the padding of a 1x1 convolution that copies, channels of zeros
    are ZERO in a Select. Raises Unsupported for padding of the batch.
    """
    rank = len(known.view.shape)
    if padding.before[0] or padding.after[0]:
        return _padded_in_front(builder, known, padding)
    # channels are axis 1 where the bytes allow it, else the last one (NHWC)
    axis = 1 if rank < 3 or known.view.as_map(1) is not None else rank - 1
    whole = replace(known, padding=None)
    tensor, hwc = builder.as_map(whole, axis, padding.node)
    spatial = [i for i in range(1, rank) if i != axis]
    sides = [(0, 0)] * (2 - len(spatial)) + [(padding.before[i], padding.after[i]) for i in spatial]
    (top, bottom), (left, right) = sides
    # what is padded is the tensor that was found, not the one the value came from: a vector may
    # be the bytes of a map
    found = replace(whole, tensor=tensor, view=view_with_channels(hwc, rank, axis))
    if any((top, bottom, left, right)):
        size = (hwc[0] + top + bottom, hwc[1] + left + right)
        geometry = Geometry(
            kernel_h=1, kernel_w=1, pad_top=top, pad_left=left, pad_bottom=bottom, pad_right=right
        )
        found = _copied(builder, padding.node, tensor, geometry, (*size, hwc[2]), rank, axis)
    before, after = padding.before[axis], padding.after[axis]
    if before or after:
        index = (*[ZERO] * before, *range(hwc[2]), *[ZERO] * after)
        found = _selected(builder, padding.node, found, index, rank, axis)
    return found


def _padded_in_front(builder: Builder, known: Known, padding: Padding) -> Known:
    """Zeros along the first axis, of [C, 1, H, W]: an axis of one element comes before it.

    PyTorch brings channels to the front to write into some of them.
    """
    shape, sides = known.view.shape, tuple(zip(padding.before, padding.after, strict=True))
    single = next((i for i in range(1, len(shape)) if shape[i] == 1 and not any(sides[i])), None)
    if single is None:
        raise Unsupported("pads the batch", "export the model with batch 1", padding.node)
    order = (single, *(i for i in range(len(shape)) if i != single))
    view, turned = known.view.transposed(order, padding.node), padding.transposed(order)
    found = padded(builder, replace(known, view=view, padding=turned), turned)
    back = tuple(order.index(i) for i in range(len(order)))
    return replace(found, view=found.view.transposed(back, padding.node))


def _as_map(positions: Positions, axis: int) -> Positions:
    """[height, width, channels] of positions [1, ...] whose channels are at an axis."""
    rank = positions.ndim
    others = [i for i in range(1, rank) if i != axis]
    sizes = [positions.shape[i] for i in (*others, axis)]
    turned = positions.transpose([0, *others, axis])
    read: Positions = turned.reshape(*[1] * (3 - len(sizes)), *sizes)
    return read


def _grid(hwc: HWC, read: Positions, axis: int) -> _Grid | None:
    """What the elements are if every pixel gives the same channels, and every channel the same
    pixels, which are rows and columns.
    """
    pixel, channel = read // hwc[2], read % hwc[2]
    if (channel != channel[0, 0]).any() or (pixel != pixel[..., :1]).any():
        return None
    rows, columns = pixel[..., 0] // hwc[1], pixel[..., 0] % hwc[1]
    if (rows != rows[:, :1]).any() or (columns != columns[:1]).any():
        return None
    return _Grid(rows[:, 0], columns[0], tuple(channel[0, 0].tolist()), axis)


def _blocks(hwc: HWC, read: Positions, axis: int) -> _Blocks | None:
    """What the elements are if the pixels of a block have become channels; None if they have not.

    read: positions [height, width, channels] of the result in a source of shape hwc. The place of a
    channel in its block must be the same for all pixels of the result.
    """
    height, width, _ = read.shape
    if hwc[0] % height or hwc[1] % width:
        return None
    tall, wide = hwc[0] // height, hwc[1] // width
    pixel, channel = read // hwc[2], read % hwc[2]
    row = pixel // hwc[1] - tall * np.arange(height)[:, None, None]
    column = pixel % hwc[1] - wide * np.arange(width)[None, :, None]
    inside = (row >= 0) & (row < tall) & (column >= 0) & (column < wide)
    place = channel * (tall * wide) + row * wide + column
    if not inside.all() or (place != place[0, 0]).any():
        return None
    if max(tall, wide) > LARGEST or hwc[2] * tall * wide > MOST_CHANNELS:
        return None
    return _Blocks(tall, wide, tuple(place[0, 0].tolist()), axis)


def _steps(positions: Positions) -> _Steps | None:
    """Positions as steps forward of one length; None if they are none.

    A sliding kernel must be able to make them: its stride is the step, its extent first + 1.
    """
    gaps = np.diff(positions)
    step = int(gaps[0]) if gaps.size else 1
    if step < 1 or (gaps != step).any() or max(int(positions[0]) + 1, step) > LARGEST:
        return None
    return _Steps(int(positions[0]), step, len(positions))


def _repeats(positions: Positions, size: int) -> int | None:
    """How often each of `size` positions comes, one after the other; None if they do not.

    The last may come less often, as in a map of 13 rows enlarged to 25.
    """
    times = int((positions == 0).sum())
    if not 0 < times <= LARGEST or positions[-1] != size - 1:
        return None
    return times if (positions == np.arange(len(positions)) // times).all() else None


def _from_grid(
    builder: Builder, known: Known, shape: tuple[int, ...], grid: _Grid, node: Node
) -> Known | None:
    """Rows and columns first, then channels; None for rows in an order that no kernel slides."""
    rank, (height, width, channels) = len(shape), known.view.hwc
    found = known
    rows, columns = _steps(grid.rows), _steps(grid.columns)
    times = (_repeats(grid.rows, height), _repeats(grid.columns, width))
    if times[0] is not None and times[1] is not None and max(times[0], times[1]) > 1:
        size = (len(grid.rows), len(grid.columns), channels)
        found = _repeated(builder, node, known, (times[0], times[1]), rank, grid.axis)
        if size != found.view.hwc:
            whole = Geometry(kernel_h=1, kernel_w=1)
            found = _copied(builder, node, found.tensor, whole, size, rank, grid.axis)
    elif times == (1, 1):
        pass  # all pixels in their order
    elif rows is not None and columns is not None:
        # a kernel that reaches from the edge to the first position, and reads its last tap only
        geometry = Geometry(
            kernel_h=rows.first + 1,
            kernel_w=columns.first + 1,
            stride_h=rows.step,
            stride_w=columns.step,
        )
        size = (rows.count, columns.count, channels)
        found = _copied(builder, node, known.tensor, geometry, size, rank, grid.axis)
    else:
        return None
    if grid.channels != tuple(range(channels)):
        found = _selected(builder, node, found, grid.channels, rank, grid.axis)
    elif found is known:
        found = replace(known, view=view_with_channels(known.view.hwc, rank, grid.axis))
    return replace(found, view=replace(found.view, shape=shape))


def _from_blocks(
    builder: Builder,
    known: Known,
    shape: tuple[int, ...],
    blocks: _Blocks,
    size: tuple[int, int],
    node: Node,
) -> Known:
    """A depthwise convolution over the blocks, an output channel for each place in one."""
    channels, places = known.view.hwc[2], blocks.rows * blocks.columns
    weights = np.zeros((channels, places, blocks.rows, blocks.columns, 1), np.int8)
    for place in range(places):
        weights[:, place, place // blocks.columns, place % blocks.columns] = UNIT_WEIGHT
    count = channels * places
    op = Conv(
        node=node.name,
        input=known.tensor,
        output=UNSET,
        geometry=Geometry(
            kernel_h=blocks.rows,
            kernel_w=blocks.columns,
            stride_h=blocks.rows,
            stride_w=blocks.columns,
        ),
        groups=channels,
        weights=weights.reshape(count, blocks.rows, blocks.columns, 1),
        weight_scale=np.full(count, 1 / UNIT_WEIGHT),
        bias=np.zeros(count, np.int64),
    )
    view = view_with_channels((*size, count), len(shape), blocks.axis)
    what = f"blocks {blocks.rows}x{blocks.columns}"
    found = _exact(builder, node, op, known.tensor, view, what)
    if blocks.channels != tuple(range(count)):
        found = _selected(builder, node, found, blocks.channels, len(shape), blocks.axis)
    return replace(found, view=replace(found.view, shape=shape))


def _one_by_one(
    builder: Builder, known: Known, positions: Positions, axes: Sequence[int], node: Node
) -> Known | None:
    """Each element by itself, as channels of one pixel; None if there are too many.

    The whole tensor must exist for that: it is the last resort, for small tensors only.
    """
    if not 0 < positions.size <= LONGEST or known.view.size > MOST_CHANNELS:
        return None
    read = _as_map(positions, axes[0]) if axes else positions.reshape(1, 1, -1)
    hwc = (int(read.shape[0]), int(read.shape[1]), int(read.shape[2]))
    line = builder.with_shape(known.tensor, (1, 1, known.view.size), node)
    tensor = builder.with_shape(
        builder.with_channels(line, tuple(read.ravel().tolist()), node), hwc, node
    )
    shape = tuple(int(n) for n in positions.shape)
    view = view_with_channels(hwc, len(shape), axes[0]) if axes else View(hwc=hwc, shape=shape)
    return Known(tensor, replace(view, shape=shape), real=True)


def _repeated(
    builder: Builder, node: Node, known: Known, times: tuple[int, int], rank: int, axis: int
) -> Known:
    """Every row and every column so many times."""
    height, width, channels = known.view.hwc
    op = Upsample(node=node.name, input=known.tensor, output=UNSET, rows=times[0], columns=times[1])
    view = view_with_channels((height * times[0], width * times[1], channels), rank, axis)
    return _exact(builder, node, op, known.tensor, view, f"times {times[0]}x{times[1]}")


def _copied(
    builder: Builder,
    node: Node,
    tensor: int,
    geometry: Geometry,
    hwc: tuple[int, int, int],
    rank: int,
    axis: int,
) -> Known:
    """Some pixels, by a depthwise convolution whose last tap is one: exact."""
    weights = np.zeros((hwc[2], geometry.kernel_h, geometry.kernel_w, 1), np.int8)
    weights[:, -1, -1] = UNIT_WEIGHT
    op = Conv(
        node=node.name,
        input=tensor,
        output=UNSET,
        geometry=geometry,
        groups=hwc[2],
        weights=weights,
        weight_scale=np.full(hwc[2], 1 / UNIT_WEIGHT),
        bias=np.zeros(hwc[2], np.int64),
    )
    # two pieces that begin alike and end at different places have the same geometry
    what = f"cut {hwc[0]}x{hwc[1]} {geometry}"
    return _exact(builder, node, op, tensor, view_with_channels(hwc, rank, axis), what)


def _selected(
    builder: Builder, node: Node, known: Known, index: tuple[int, ...], rank: int, axis: int
) -> Known:
    """Some channels of every pixel, in any order; ZERO stands for a channel of zeros."""
    height, width, _ = known.view.hwc
    op = Select(node=node.name, input=known.tensor, output=UNSET, index=index)
    view = view_with_channels((height, width, len(index)), rank, axis)
    return _exact(builder, node, op, known.tensor, view, f"channels {hash(index)}")


def _exact(builder: Builder, node: Node, op: Op, tensor: int, view: View, what: str) -> Known:
    """The op with the quantization of its input, which loses nothing.

    what: tells this move from others of the same tensor, which are made only once.
    """
    source = builder.tensors[tensor]
    label = f"{source.name}:{what}"
    draft = Draft(op=op, node=node, view=view, origin=label)
    return replace(builder.finish(draft, label, source.quantization, source.unsigned), real=True)
