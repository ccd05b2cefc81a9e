"""Means, sums and extremes over axes in ONNX: over height and width, over channels, over both.

Which axis is that of the channels is not written in the file: `_axes` finds one under which the
reduced axes are height and width, so that a pool does. Where channels themselves are reduced, a
mean or sum is a convolution with weights of one, a maximum a pool over channels read as pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from msfcnn.ir import Geometry, Order
from msfcnn.nodes import (
    UNSET,
    Builder,
    Draft,
    Known,
    Node,
    Unsupported,
    Value,
    View,
    resolved_axes,
)
from msfcnn.ops.conv import Conv
from msfcnn.ops.lookup import mirrored, negated
from msfcnn.ops.pool.op import AveragePool, GlobalAveragePool, MaxPool

LARGEST = 0xFFFF  # of a kernel: uint16 in the tables


def global_max_pool(builder: Builder, node: Node) -> Value:
    """GlobalMaxPool: a MaxPool whose kernel is the whole map."""
    known = builder.activation(node, 0)
    if len(known.shape) not in (3, 4):
        raise Unsupported(f"its input has {len(known.shape)} axes", "use 3 or 4 axes")
    return _largest(builder, node, known, (1, *range(2, len(known.shape))), keep=True)


def reduce_max(builder: Builder, node: Node) -> Value:
    """ReduceMax over height and width, over one of them, or over the channels."""
    return _maximum(builder, node, builder.activation(node, 0))


def reduce_min(builder: Builder, node: Node) -> Value:
    """ReduceMin: minus the maximum of what is negative; int8 has a mirror image of every value."""
    found = _maximum(builder, node, negated(builder, node, builder.activation(node, 0)))
    assert found.inherited is not None
    return mirrored(builder, node, found, found.inherited)


def _maximum(builder: Builder, node: Node, known: Known) -> Draft:
    """The maximum over the axes of a node: all of them, those of pixels, or that of channels.

    Raises Unsupported for channels and only some of the pixels.
    """
    axes = _reduced_axes(builder, node, len(known.shape))
    keep = node.boolean("keepdims", True)
    found = _axes(known, axes)
    if found is not None:
        return _largest(builder, node, known, (found[0], *found[1]), keep)
    channel = _only(known, axes)
    if channel is None and all(i in axes or n == 1 for i, n in enumerate(known.shape)):
        return _largest_of_all(builder, node, known, axes, keep)
    if channel is None:
        raise _refused(known, axes, "minimum" if node.kind == "ReduceMin" else "maximum")
    return _largest_channel(builder, node, known, channel, keep)


def _largest_channel(builder: Builder, node: Node, known: Known, channel: int, keep: bool) -> Draft:
    """The channels of a pixel as pixels of one channel, under a kernel over all of them.

    channel: the ONNX axis that is reduced; keep: whether it stays, of size 1. The bytes do not
    move: [H, W, C] is read as [H * W, C, 1].
    """
    tensor, (height, width, channels) = builder.as_map(known, channel, node)
    if channels > LARGEST:
        raise Unsupported(f"has more than {LARGEST} channels", "take the maximum of groups first")
    line = builder.with_shape(tensor, (height * width, channels, 1), node)
    op = MaxPool(
        node=node.name,
        input=line,
        output=UNSET,
        geometry=Geometry(kernel_h=1, kernel_w=channels),
    )
    source = builder.tensors[tensor]
    return Draft(
        op=op,
        node=node,
        view=_reduced_view(known, 1, [channel], (height * width, 1, 1), keep),
        origin=node.outputs[0],
        inherited=source.quantization,
        unsigned=source.unsigned,
    )


def _largest_of_all(
    builder: Builder, node: Node, known: Known, axes: frozenset[int], keep: bool
) -> Draft:
    """The largest of all elements, whose order is no matter: one row under one kernel."""
    size = known.view.size
    if size > LARGEST:
        raise Unsupported(f"has more than {LARGEST} elements", "take the maximum of pixels first")
    line = builder.with_shape(known.tensor, (1, size, 1), node)
    op = MaxPool(
        node=node.name, input=line, output=UNSET, geometry=Geometry(kernel_h=1, kernel_w=size)
    )
    source = builder.tensors[known.tensor]
    return Draft(
        op=op,
        node=node,
        view=_reduced_view(known, 1, sorted(axes), (1, 1, 1), keep),
        origin=node.outputs[0],
        inherited=source.quantization,
        unsigned=source.unsigned,
    )


def _largest(
    builder: Builder, node: Node, known: Known, axes: tuple[int, ...], keep: bool
) -> Draft:
    """A MaxPool over whole rows or columns. axes: of the channels, and those that are reduced."""
    channel, *reduced = axes
    tensor, hwc = builder.as_map(known, channel, node)
    geometry, out = _over(known, channel, reduced, hwc)
    if max(geometry.kernel_h, geometry.kernel_w) > LARGEST:
        raise Unsupported(f"its map is larger than {LARGEST}", "pool or stride before it")
    op = MaxPool(node=node.name, input=tensor, output=UNSET, geometry=geometry)
    source = builder.tensors[tensor]
    view = _reduced_view(known, channel, reduced, (*out, hwc[2]), keep)
    return Draft(
        op=op,
        node=node,
        view=view,
        origin=node.outputs[0],
        inherited=source.quantization,
        unsigned=source.unsigned,
    )


def reduced(total: bool, builder: Builder, node: Node) -> Value:
    """ReduceMean, or ReduceSum (total), over any axes but the batch.

    A sum has no usual quantization: it may be far larger than its input, so a QuantizeLinear must
    say how large. Raises Unsupported for axes that are neither height, width nor channels.
    """
    known = builder.activation(node, 0)
    axes = _reduced_axes(builder, node, len(known.shape))
    found = _axes(known, axes)
    if found is None:
        return _by_weights(builder, node, known, axes, total)
    channel, spatial = found
    tensor, hwc = builder.as_map(known, channel, node)
    keep = node.boolean("keepdims", True)
    geometry, out = _over(known, channel, spatial, hwc)
    view = _reduced_view(known, channel, spatial, (*out, hwc[2]), keep)
    usual = builder.tensors[tensor].quantization
    if out == (1, 1):
        mean: GlobalAveragePool | AveragePool = GlobalAveragePool(
            node=node.name, input=tensor, output=UNSET, total=total
        )
    else:
        mean = AveragePool(
            node=node.name, input=tensor, output=UNSET, geometry=geometry, total=total
        )
    return Draft(
        op=mean,
        node=node,
        view=view,
        origin=node.outputs[0],
        usual=None if total else usual,
    )


def _by_weights(
    builder: Builder, node: Node, known: Known, axes: frozenset[int], total: bool
) -> Value:
    """A sum over channels, and maybe rows or columns: a convolution whose weights are one.

    A mean has 1 / count as the scale of these weights, which costs nothing and is not rounded.
    """
    rank = len(known.shape)
    if rank not in (2, 3, 4) or known.shape[0] != 1:
        raise _refused(known, axes, "sum" if total else "mean")
    inner = [axis for axis in (1, rank - 1) if axis in axes]
    if not inner:
        raise _refused(known, axes, "sum" if total else "mean")
    fitting = (axis for axis in inner if known.view.as_map(axis) is not None)
    channel = next(fitting, inner[0])
    tensor, (height, width, channels) = builder.as_map(known, channel, node)
    spatial = [axis for axis in sorted(axes) if axis not in (0, channel)]
    geometry, out = _over(known, channel, spatial, (height, width, channels))
    if max(geometry.kernel_h, geometry.kernel_w) > LARGEST:
        raise Unsupported(f"its map is larger than {LARGEST}", "pool or stride before it")
    count = geometry.kernel_h * geometry.kernel_w * channels
    op = Conv(
        node=node.name,
        input=tensor,
        output=UNSET,
        geometry=geometry,
        groups=1,
        weights=np.ones((1, geometry.kernel_h, geometry.kernel_w, channels), np.int8),
        weight_scale=np.array([1.0 if total else 1 / count]),
        bias=np.zeros(1, np.int64),
    )
    keep = node.boolean("keepdims", True)
    view = _reduced_view(known, 1, sorted(axes), (*out, 1), keep)
    usual = None if total else builder.tensors[tensor].quantization
    return Draft(op=op, node=node, view=view, origin=node.outputs[0], usual=usual)


def _refused(known: Known, axes: frozenset[int], what: str) -> Unsupported:
    """The error for a reduction over these axes; what: a word such as "maximum"."""
    return Unsupported(
        f"takes the {what} of {list(known.shape)} over the axes {sorted(axes)}",
        f"take the {what} over height, width or channels, one after the other",
    )


def _only(known: Known, axes: frozenset[int]) -> int | None:
    """The one axis that is reduced, if it can be that of the channels."""
    rank = len(known.shape)
    longer = [axis for axis in axes if known.shape[axis] > 1]
    return longer[0] if rank in (2, 3, 4) and len(longer) == 1 and longer[0] > 0 else None


def _axes(known: Known, axes: frozenset[int]) -> tuple[int, tuple[int, ...]] | None:
    """The axis of the channels, and those that are reduced; None if channels are reduced, too.

    With one axis left that one is the channels: no other reading needs less. Axes of size 1 are
    reduced by whatever is done. With several left the order in memory decides, NCHW before NHWC.
    """
    shape = known.shape
    rank = len(shape)
    kept = [i for i in range(1, rank) if i not in axes and shape[i] > 1]
    alone = not kept and 1 not in shape[1:]  # all axes are reduced, channels included
    reduced = tuple(i for i in range(1, rank) if i in axes)
    if rank not in (3, 4) or 0 in axes or alone:
        return None
    lone = next((i for i in range(1, rank) if shape[i] == 1), 1)
    if len(kept) <= 1:
        channel = kept[0] if kept else lone
        return channel, tuple(i for i in reduced if i != channel)
    for channel in (1, rank - 1):
        if channel not in axes and known.view.as_map(channel) is not None:
            return channel, reduced
    return None


def _over(
    known: Known, channel: int, reduced: Sequence[int], hwc: tuple[int, int, int]
) -> tuple[Geometry, tuple[int, int]]:
    """A kernel over the reduced axes, and what is left of height and width."""
    spatial = [i for i in range(1, len(known.shape)) if i != channel]
    whole = [True] * (2 - len(spatial)) + [i in reduced or known.shape[i] == 1 for i in spatial]
    kernel = [n if over else 1 for n, over in zip(hwc[:2], whole, strict=True)]
    out = (1 if whole[0] else hwc[0], 1 if whole[1] else hwc[1])
    return Geometry(kernel_h=kernel[0], kernel_w=kernel[1]), out


def _reduced_view(
    known: Known, channel: int, reduced: Sequence[int], hwc: tuple[int, int, int], keep: bool
) -> View:
    """What ONNX sees of the result: reduced axes are 1, or gone."""
    over = {*reduced}
    shape = tuple(1 if i in over else n for i, n in enumerate(known.shape) if keep or i not in over)
    return View(hwc=hwc, shape=shape, flat=Order.CHW if channel == 1 else Order.HWC)


def _reduced_axes(builder: Builder, node: Node, rank: int) -> frozenset[int]:
    """The axes of a ReduceMean or ReduceMax: an attribute, or an input since opset 18."""
    listed = node.integers("axes")  # an attribute before opset 18
    axes = builder.axes(node, 1, rank) if listed is None else resolved_axes(listed, rank)
    if not axes and node.boolean("noop_with_empty_axes", False):
        raise Unsupported("reduces no axis (noop_with_empty_axes)", "remove the node")
    return frozenset(axes or range(rank))
