"""MaxPool, AveragePool, GlobalAveragePool and the mean over height and width in ONNX.

What ONNX has as GlobalMaxPool or ReduceMax is a MaxPool whose kernel is the map; a mean over the
whole map is a GlobalAveragePool, however the exporter spells it, as that needs no line buffers.
"""

from __future__ import annotations

from collections.abc import Sequence

from msfcnn.ir import Geometry, Order
from msfcnn.nodes import (
    UNSET,
    Builder,
    Draft,
    Importer,
    Known,
    Node,
    Role,
    Sliding,
    Unsupported,
    Value,
    View,
    check_size,
    kernel_shape,
    map_view,
    resolved_axes,
    slide,
    spatial_input,
)
from msfcnn.ops.pool.op import LOWEST, AveragePool, GlobalAveragePool, MaxPool
from msfcnn.ops.support import SLIDING

LARGEST = 255  # of a kernel: a byte in the tables


def max_pool(builder: Builder, node: Node) -> Value:
    """MaxPool; its result is exact in the quantization of its input."""
    if any(node.outputs[1:]):
        raise Unsupported("its second output (indices) is used", "use only the maximum")
    known = spatial_input(builder, node)
    tensor, hwc = builder.as_map(known, 1, node)
    quantization = builder.tensors[tensor].quantization
    if known.padding and quantization.zero_point != LOWEST:
        # a zero in the padding would win over negative pixels, ours never wins
        known = builder.with_zeros(known)
        tensor, hwc = builder.as_map(known, 1, node)
    walk = _walk(node, known, hwc[:2])
    op = MaxPool(node=node.name, input=tensor, output=UNSET, geometry=walk.geometry)
    view = map_view((*walk.out, hwc[2]), len(known.shape))
    unsigned = builder.tensors[tensor].unsigned
    return Draft(
        op=op,
        node=node,
        view=view,
        origin=node.outputs[0],
        inherited=quantization,
        unsigned=unsigned,
    )


def average_pool(builder: Builder, node: Node) -> Value:
    """AveragePool; over a whole map it is a GlobalAveragePool, which needs no line buffers."""
    known = spatial_input(builder, node)
    tensor, hwc = builder.as_map(known, 1, node)
    walk = _walk(node, known, hwc[:2])
    counted = node.boolean("count_include_pad", False)
    if known.padding:
        if walk.geometry.padded and not counted and _own_pads(node):
            known = builder.with_zeros(known)
            tensor, hwc = builder.as_map(known, 1, node)
            walk = _walk(node, known, hwc[:2])
        else:
            counted = True
    # with ceil_mode the last pixel may reach beyond the padding; ONNX does not count that part
    if counted and walk.surplus:
        what = "ceil_mode together with count_include_pad divides by another count at the border"
        raise Unsupported(what, "use ceil_mode = 0 or count_include_pad = 0")
    view = map_view((*walk.out, hwc[2]), len(known.shape))
    geometry, usual = walk.geometry, builder.tensors[tensor].quantization
    # the kernel covers the whole map
    if walk.out == (1, 1) and not geometry.padded and hwc[:2] == _kernel(walk):
        mean = GlobalAveragePool(node.name, tensor, UNSET)
        return Draft(op=mean, node=node, view=view, origin=node.outputs[0], usual=usual)
    op = AveragePool(
        node=node.name, input=tensor, output=UNSET, geometry=geometry, count_include_pad=counted
    )
    return Draft(op=op, node=node, view=view, origin=node.outputs[0], usual=usual)


def global_average_pool(builder: Builder, node: Node) -> Value:
    """GlobalAveragePool on [1, C, H, W] or [1, C, W]."""
    known = builder.activation(node, 0)
    if len(known.shape) not in (3, 4):
        raise Unsupported(f"its input has {len(known.shape)} axes", "use 3 or 4 axes")
    tensor, hwc = builder.as_map(known, 1, node)
    op = GlobalAveragePool(node.name, tensor, UNSET)
    view = map_view((1, 1, hwc[2]), len(known.shape))
    usual = builder.tensors[tensor].quantization
    return Draft(op=op, node=node, view=view, origin=node.outputs[0], usual=usual)


def global_max_pool(builder: Builder, node: Node) -> Value:
    """GlobalMaxPool: a MaxPool whose kernel is the whole map."""
    known = builder.activation(node, 0)
    if len(known.shape) not in (3, 4):
        raise Unsupported(f"its input has {len(known.shape)} axes", "use 3 or 4 axes")
    return _largest(builder, node, known, (1, *range(2, len(known.shape))), keep=True)


def reduce_max(builder: Builder, node: Node) -> Value:
    """ReduceMax over height and width, or over one of them."""
    known = builder.activation(node, 0)
    axes = _reduced_axes(builder, node, len(known.shape))
    channel, spatial = _axes(known, axes, "maximum")
    return _largest(builder, node, known, (channel, *spatial), node.boolean("keepdims", True))


def _largest(
    builder: Builder, node: Node, known: Known, axes: tuple[int, ...], keep: bool
) -> Value:
    """axes: of the channels, and those that are reduced."""
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


def reduce_mean(builder: Builder, node: Node) -> Value:
    """ReduceMean over height and width, or over one of them."""
    known = builder.activation(node, 0)
    axes = _reduced_axes(builder, node, len(known.shape))
    channel, spatial = _axes(known, axes, "mean")
    tensor, hwc = builder.as_map(known, channel, node)
    keep = node.boolean("keepdims", True)
    geometry, out = _over(known, channel, spatial, hwc)
    view = _reduced_view(known, channel, spatial, (*out, hwc[2]), keep)
    usual = builder.tensors[tensor].quantization
    if out == (1, 1):
        mean: GlobalAveragePool | AveragePool = GlobalAveragePool(node.name, tensor, UNSET)
    else:
        mean = AveragePool(node=node.name, input=tensor, output=UNSET, geometry=geometry)
    return Draft(op=mean, node=node, view=view, origin=node.outputs[0], usual=usual)


def _axes(known: Known, axes: frozenset[int], what: str) -> tuple[int, tuple[int, ...]]:
    """The axis of the channels, and those that are reduced. Raises Unsupported."""
    shape = known.shape
    rank = len(shape)
    kept = [i for i in range(1, rank) if i not in axes and shape[i] > 1]
    alone = not kept and 1 not in shape[1:]  # all axes are reduced, channels included
    refused = Unsupported(
        f"takes the {what} of {list(shape)} over the axes {sorted(axes)}",
        f"only the {what} over height and width together, or over one of them, is supported",
    )
    reduced = tuple(i for i in range(1, rank) if i in axes)
    if rank not in (3, 4) or 0 in axes or alone:
        raise refused
    lone = next((i for i in range(1, rank) if shape[i] == 1), 1)
    if len(kept) <= 1:
        channel = kept[0] if kept else lone
        return channel, tuple(i for i in reduced if i != channel)
    for channel in (1, rank - 1):
        if channel not in axes and known.view.as_map(channel) is not None:
            return channel, reduced
    raise refused


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


def _walk(node: Node, known: Known, size: tuple[int, int]) -> Sliding:
    """Kernel and positions of a pool. Raises Unsupported where one sees padding only."""
    kernel = kernel_shape(node, len(known.shape))
    walk = slide(node, known, size, kernel, ceil=node.boolean("ceil_mode", False))
    if walk.idle:
        raise Unsupported("its kernel somewhere sees nothing but padding", "use less padding")
    check_size("its output", walk.out)
    return walk


def _kernel(walk: Sliding) -> tuple[int, int]:
    """Height and width of the kernel."""
    return (walk.geometry.kernel_h, walk.geometry.kernel_w)


def _own_pads(node: Node) -> bool:
    """Whether the node itself pads, beside a Pad before it."""
    return any(node.integers("pads") or ()) or node.text("auto_pad", "NOTSET").startswith("SAME")


def _reduced_axes(builder: Builder, node: Node, rank: int) -> frozenset[int]:
    """The axes of a ReduceMean or ReduceMax: an attribute, or an input since opset 18."""
    listed = node.integers("axes")  # an attribute before opset 18
    axes = builder.axes(node, 1, rank) if listed is None else resolved_axes(listed, rank)
    if not axes and node.boolean("noop_with_empty_axes", False):
        raise Unsupported("reduces no axis (noop_with_empty_axes)", "remove the node")
    return frozenset(axes or range(rank))


MaxPool.importers = (
    Importer(
        kind="MaxPool",
        convert=max_pool,
        becomes="MaxPool",
        constraints=(*SLIDING, "ceil_mode as padding", "indices output unused"),
        role=Role.SPATIAL,
    ),
    Importer(
        kind="GlobalMaxPool",
        convert=global_max_pool,
        becomes="MaxPool over the whole map",
        constraints=("2-D or 1-D, at most 255 pixels high and wide",),
        role=Role.SPATIAL,
    ),
    Importer(
        kind="ReduceMax",
        convert=reduce_max,
        becomes="MaxPool over the whole map",
        constraints=("over height and width, or over one of them, at most 255 pixels",),
    ),
)
AveragePool.importers = (
    Importer(
        kind="AveragePool",
        convert=average_pool,
        becomes="AveragePool; GlobalAveragePool if it covers the whole map",
        constraints=(*SLIDING, "ceil_mode only without count_include_pad"),
        role=Role.SPATIAL,
    ),
)
GlobalAveragePool.importers = (
    Importer(
        kind="GlobalAveragePool",
        convert=global_average_pool,
        becomes="GlobalAveragePool",
        constraints=("2-D or 1-D",),
        role=Role.SPATIAL,
    ),
    Importer(
        kind="ReduceMean",
        convert=reduce_mean,
        becomes="GlobalAveragePool",
        constraints=("over height and width, or over one of them",),
    ),
)
