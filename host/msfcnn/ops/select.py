"""Select: channels in another order, some of them, or with zeros between.

Slices and splits of channels, channel shuffles and padded channels are all this one op, which reads
the pixel it writes. Slices along height and width are cut out by a sliding kernel of one tap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import (
    Call,
    Clamp,
    CStruct,
    Geometry,
    Mask,
    Model,
    Op,
    Order,
    Range,
    Values,
)
from msfcnn.nodes import (
    UNSET,
    Builder,
    Constant,
    Draft,
    Importer,
    Known,
    Node,
    Padding,
    Poison,
    Unsupported,
    Value,
    View,
    map_view,
    resolved_axes,
)
from msfcnn.ops.base import Unary, register
from msfcnn.ops.conv import Conv
from msfcnn.ops.sketch import Sketch
from msfcnn.ops.sums import SumConstants, sum_constants, weighted_sum

ZERO = -1  # instead of an input channel: the real number 0
C_ZERO = 0xFFFF  # the same in C
LARGEST = 255  # kernel and stride are bytes in the tables
UNIT_WEIGHT = 127  # a factor of one: weight 127 of scale 1 / 127


@register
@dataclass(frozen=True)
class Select(Unary):
    """Output channel c is input channel index[c], or 0 where that is ZERO."""

    index: tuple[int, ...]
    clamp: Clamp = Clamp()

    def constants(self, model: Model) -> SumConstants:
        """Those of the change of scale; the identity is exact."""
        source, target = (model.tensors[t].quantization for t in (self.input, self.output))
        return sum_constants(self.node, (source,), target, self.clamp)

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """Channels picked and rescaled; ZERO has no source and is written as the zero point."""
        index = np.array(self.index)
        picked = weighted_sum(self.constants(model), [inputs[0][..., np.maximum(index, 0)]])
        return np.where(index == ZERO, np.int8(self._zero(model)), picked)

    def value_range(self, model: Model, inputs: Sequence[Range]) -> Range:
        """See Op."""
        ends = (
            self.compute(model, [bound.astype(np.int8).reshape(1, 1, 1, -1)]).ravel()
            for bound in (inputs[0].low, inputs[0].high)
        )
        return Range(*(end.astype(np.int64) for end in ends))

    def need(self, model: Model, found: Sequence[Range], kept: Sequence[Mask]) -> None:
        """A channel needs the one it is."""
        for channel, source in enumerate(self.index):
            if kept[self.output][channel] and source != ZERO:
                kept[self.input][source] = True

    def without(self, model: Model, masks: Sequence[Mask], found: Sequence[Range]) -> Op:
        """Sources are counted anew, as the input has fewer channels."""
        # the number of channels that stay up to each one, less one, is its new index
        new = np.cumsum(masks[self.input]) - 1
        left = [s for s, stays in zip(self.index, masks[self.output], strict=True) if stays]
        return replace(self, index=tuple(ZERO if s == ZERO else int(new[s]) for s in left))

    def calls(self, model: Model) -> tuple[Call, ...]:
        """Never in place: a channel may be read after another was written over it."""
        return (
            Call(
                family="select",
                inputs=self.inputs,
                source=model.tensors[self.input].shape,
                target=model.tensors[self.output].shape,
            ),
        )

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """See Op."""
        index = np.array([C_ZERO if s == ZERO else s for s in self.index], np.uint16)
        k = self.constants(model)
        return CStruct(
            "msfcnn_select_t",
            {
                "index": index,
                "multiplier": k.multipliers[0],
                "offset": k.offset,
                "shift": k.shift,
            },
        )

    def pad_value(self, model: Model) -> int:
        """What stands for 0 in the output."""
        return self._zero(model)

    def _zero(self, model: Model) -> int:
        """The stored value of 0, within the clamp."""
        zero = model.tensors[self.output].quantization.zero_point
        return min(max(zero, self.clamp.low), self.clamp.high)

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """All channels turned round, two zeros between."""
        height, width, channels = sketch.newest.shape
        index = (*range(channels - 1, -1, -1), ZERO, 0, ZERO)
        sketch.add(partial(cls, index=index), (height, width, len(index)))


# --------------------------------------------------------------------------------- from ONNX


@dataclass(frozen=True)
class _Steps:
    """Positions along an axis: first, first + step, ..., so many."""

    first: int
    step: int
    count: int


@dataclass(frozen=True, eq=False)
class _Piece:
    """A part of a tensor as rows, columns and channels of it. axis: of the channels in ONNX."""

    rows: _Steps
    columns: _Steps
    channels: tuple[int, ...]
    axis: int


def rearranged(builder: Builder, known: Known, axis: int, node: Node) -> Known | None:
    """A value whose channels lie in another order than in memory, moved; None if more has to."""
    # the view says where each ONNX element lies; what it amounts to is found from these positions
    piece = _piece(known.view.hwc, known.view.positions(), (axis,))
    by = known.view.by or node
    return None if piece is None else _taken(builder, known, known.shape, piece, by)


def chosen(builder: Builder, tensor: int, index: tuple[int, ...], node: Node) -> int:
    """A tensor made of channels of another."""
    known = Known(tensor, map_view(builder.tensors[tensor].shape, 4), real=True)
    return _selected(builder, node, known, index, 4, 1).tensor


def padded(builder: Builder, known: Known, padding: Padding) -> Known:
    """A value with the zeros of a Pad node that no op takes over."""
    rank = len(known.view.shape)
    if padding.before[0] or padding.after[0]:
        raise Unsupported("pads the batch", "export the model with batch 1", padding.node)
    # channels are axis 1 where the bytes allow it, else the last one (NHWC)
    axis = 1 if rank < 3 or known.view.as_map(1) is not None else rank - 1
    whole = replace(known, padding=None)
    tensor, hwc = builder.as_map(whole, axis, padding.node)
    spatial = [i for i in range(1, rank) if i != axis]
    sides = [(0, 0)] * (2 - len(spatial)) + [(padding.before[i], padding.after[i]) for i in spatial]
    (top, bottom), (left, right) = sides
    moved = whole
    if any((top, bottom, left, right)):
        size = (hwc[0] + top + bottom, hwc[1] + left + right)
        geometry = Geometry(
            kernel_h=1, kernel_w=1, pad_top=top, pad_left=left, pad_bottom=bottom, pad_right=right
        )
        moved = _copied(builder, padding.node, tensor, geometry, (*size, hwc[2]), rank, axis)
    before, after = padding.before[axis], padding.after[axis]
    if before or after:
        index = (*[ZERO] * before, *range(hwc[2]), *[ZERO] * after)
        moved = _selected(builder, padding.node, moved, index, rank, axis)
    return moved


def _piece(
    hwc: tuple[int, int, int], positions: NDArray[np.int32], axes: Sequence[int]
) -> _Piece | None:
    """What part of a tensor the elements at some positions are, if it is rows x columns x channels.

    axes: that may be the channels.
    """
    rank = positions.ndim
    if rank not in (2, 3, 4) or positions.shape[0] != 1 or positions.size == 0:
        return None
    for axis in (a for a in axes if 1 <= a < rank):
        others = [i for i in range(1, rank) if i != axis]
        read = positions.transpose([0, *others, axis]).reshape(
            *[1] * (4 - rank), *[positions.shape[i] for i in (*others, axis)]
        )
        # bytes lie pixel by pixel: every pixel must give the same channels, every channel the same
        # pixels, and these must be a grid
        pixel, channel = read // hwc[2], read % hwc[2]
        if (channel != channel[0, 0]).any() or (pixel != pixel[..., :1]).any():
            continue
        rows, columns = pixel[..., 0] // hwc[1], pixel[..., 0] % hwc[1]
        if (rows != rows[:, :1]).any() or (columns != columns[:1]).any():
            continue
        found = _steps(rows[:, 0]), _steps(columns[0])
        if found[0] is not None and found[1] is not None:
            return _Piece(found[0], found[1], tuple(channel[0, 0].tolist()), axis)
    return None


def _steps(positions: NDArray[np.int32]) -> _Steps | None:
    """Positions as steps forward of one length; None if they are none."""
    gaps = np.diff(positions)
    step = int(gaps[0]) if gaps.size else 1
    if step < 1 or (gaps != step).any():
        return None
    return _Steps(int(positions[0]), step, len(positions))


def _taken(
    builder: Builder, known: Known, shape: tuple[int, ...], piece: _Piece, node: Node
) -> Known:
    """A piece of a tensor: rows and columns first, then channels."""
    rank, (height, width, channels) = len(shape), known.view.hwc
    moved = known
    # a kernel that reaches from the edge to the first position, and reads its last tap only
    whole = (_Steps(0, 1, height), _Steps(0, 1, width))
    if (piece.rows, piece.columns) != whole:
        geometry = Geometry(
            kernel_h=piece.rows.first + 1,
            kernel_w=piece.columns.first + 1,
            stride_h=piece.rows.step,
            stride_w=piece.columns.step,
        )
        size = (piece.rows.count, piece.columns.count, channels)
        moved = _copied(builder, node, known.tensor, geometry, size, rank, piece.axis)
    if piece.channels != tuple(range(channels)):
        moved = _selected(builder, node, moved, piece.channels, rank, piece.axis)
    return replace(moved, view=replace(moved.view, shape=shape))


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
    return _exact(builder, node, op, tensor, _view(hwc, rank, axis), f"cut {geometry}")


def _selected(
    builder: Builder, node: Node, known: Known, index: tuple[int, ...], rank: int, axis: int
) -> Known:
    """Some channels of every pixel, in any order; ZERO stands for a channel of zeros."""
    height, width, _ = known.view.hwc
    op = Select(node=node.name, input=known.tensor, output=UNSET, index=index)
    view = _view((height, width, len(index)), rank, axis)
    return _exact(builder, node, op, known.tensor, view, f"channels {hash(index)}")


def _view(hwc: tuple[int, int, int], rank: int, axis: int) -> View:
    """A map as ONNX sees it: with as many axes as before, channels where they were."""
    if axis == 1:
        return map_view(hwc, rank) if rank > 2 else View(hwc=hwc, shape=(1, hwc[2]))
    pixels = hwc[:2] if rank == 4 else hwc[1:2]
    return View(hwc=hwc, shape=(1, *pixels, hwc[2]), flat=Order.HWC)


def _exact(builder: Builder, node: Node, op: Op, tensor: int, view: View, what: str) -> Known:
    """The op with the quantization of its input, which loses nothing."""
    source = builder.tensors[tensor]
    label = f"{source.name}:{what}"
    draft = Draft(op=op, node=node, view=view, origin=label)
    return replace(builder.finish(draft, label, source.quantization, source.unsigned), real=True)


def _part(builder: Builder, node: Node, known: Known, positions: NDArray[np.int32]) -> Value:
    """The elements of a value at some positions, in the ONNX shape of `positions`."""
    shape = tuple(int(n) for n in positions.shape)
    rank = len(shape)
    piece = _piece(known.view.hwc, positions, (1, rank - 1) if rank > 2 else (1,))
    if piece is None:
        what = f"takes a part of {list(known.shape)} that is no rows, columns and channels"
        raise Unsupported(what, "take parts of channels, rows or columns")
    for steps in (piece.rows, piece.columns):
        if max(steps.first + 1, steps.step) > LARGEST:
            raise Unsupported("its first row, column or step exceeds 255", "crop in two steps")
    return _taken(builder, known, shape, piece, node)


def _slice(builder: Builder, node: Node) -> Value:
    """Slice with constant bounds."""
    value = builder.value(node, 0)
    if isinstance(value, Poison):
        return value
    lists = [builder.integers(node, i, "list of bounds") for i in (1, 2)]
    starts, ends = (found or () for found in lists)
    rank = len(value.shape)
    axes = builder.axes(node, 3, rank)
    steps = builder.integers(node, 4, "list of steps") or (1,) * len(starts)
    cut: list[slice] = [slice(None)] * rank
    chosen = range(len(starts)) if axes is None else axes
    for axis, start, end, step in zip(chosen, starts, ends, steps, strict=False):
        cut[axis] = slice(start, None if step < 0 and end < -value.shape[axis] else end, step)
    if isinstance(value, Constant):
        return value.mapped(lambda v: v[tuple(cut)])
    known = builder.activation(node, 0)
    return _part(builder, node, known, known.view.positions()[tuple(cut)])


def _split(builder: Builder, node: Node) -> Value:
    """Split: one part an output."""
    known = builder.activation(node, 0)
    axis = resolved_axes((node.integer("axis", 0),), len(known.shape))[0]
    size, parts = known.shape[axis], len(node.outputs)
    listed = builder.integers(node, 1, "list of sizes") or node.integers("split")
    each = -(-size // (node.integer("num_outputs", parts) or parts))
    sizes = listed or tuple(min(each, size - i * each) for i in range(parts))
    if sum(sizes) != size or len(sizes) != parts:
        raise Unsupported(f"its parts {list(sizes)} do not add up to {size}", "the file is damaged")
    ends = np.cumsum(sizes)
    found = [
        _part(builder, node, known, known.view.positions().take(range(e - n, e), axis))
        for n, e in zip(sizes, ends.tolist(), strict=True)
    ]
    for name, part in zip(node.outputs[1:], found[1:], strict=True):
        builder.values[name] = part
    return found[0]


def _gather(builder: Builder, node: Node) -> Value:
    """Gather with constant indices."""
    value = builder.value(node, 0)
    constant = builder.constant(node, 1, "list of indices")
    if constant is None or isinstance(value, Poison):
        return Poison()
    indices = constant.stored.astype(np.int64)
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
    taken = known.view.positions().take(indices.ravel(), axis)
    part = _part(builder, node, known, taken)
    shape = (*known.shape[:axis], *indices.shape, *known.shape[axis + 1 :])
    assert isinstance(part, Known)
    return replace(part, view=part.view.reshaped(shape, node))


_PARTS = "Select, or a depthwise Conv that cuts out rows and columns"

Select.importers = (
    Importer(
        kind="Slice",
        convert=_slice,
        becomes=_PARTS,
        constraints=("constant bounds; parts of channels, rows or columns, steps above 0",),
    ),
    Importer(
        kind="Split", convert=_split, becomes=_PARTS, constraints=("along one axis, not batch",)
    ),
    Importer(
        kind="Gather",
        convert=_gather,
        becomes=_PARTS,
        constraints=("constant indices; rows and columns in even steps",),
    ),
)
