"""MaxPool, AveragePool, GlobalAveragePool and the mean over height and width in ONNX."""

from __future__ import annotations

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
    stray_padding,
)
from msfcnn.ops.pool.op import LOWEST, AveragePool, GlobalAveragePool, MaxPool
from msfcnn.ops.support import SLIDING


def max_pool(builder: Builder, node: Node) -> Value:
    """MaxPool; its result is exact in the quantization of its input."""
    if any(node.outputs[1:]):
        raise Unsupported("its second output (indices) is used", "use only the maximum")
    known = spatial_input(builder, node)
    tensor, hwc = builder.as_map(known, 1, node)
    quantization = builder.tensors[tensor].quantization
    if known.padding and quantization.zero_point != LOWEST:
        # a zero in the padding would win over negative pixels, ours never wins
        raise stray_padding(known.padding.node, f"MaxPool '{node.name}': it is no smallest value")
    walk = _walk(node, known, hwc[:2])
    op = MaxPool(node.name, tensor, UNSET, geometry=walk.geometry)
    view = map_view((*walk.out, hwc[2]), len(known.shape))
    unsigned = builder.tensors[tensor].unsigned
    return Draft(op, node, view, node.outputs[0], quantization, unsigned)


def average_pool(builder: Builder, node: Node) -> Value:
    """AveragePool; over a whole map it is a GlobalAveragePool, which needs no line buffers."""
    known = spatial_input(builder, node)
    tensor, hwc = builder.as_map(known, 1, node)
    walk = _walk(node, known, hwc[:2])
    counted = node.boolean("count_include_pad", False)
    if known.padding:
        if walk.geometry.padded and not counted and _own_pads(node):
            raise stray_padding(known.padding.node, f"AveragePool '{node.name}', which has its own")
        counted = True
    if counted and walk.surplus:
        what = "ceil_mode together with count_include_pad divides by another count at the border"
        raise Unsupported(what, "use ceil_mode = 0 or count_include_pad = 0")
    view = map_view((*walk.out, hwc[2]), len(known.shape))
    geometry = walk.geometry
    if walk.out == (1, 1) and not geometry.padded and hwc[:2] == _kernel(walk):
        return Draft(GlobalAveragePool(node.name, tensor, UNSET), node, view, node.outputs[0])
    op = AveragePool(node.name, tensor, UNSET, geometry=geometry, count_include_pad=counted)
    return Draft(op, node, view, node.outputs[0])


def global_average_pool(builder: Builder, node: Node) -> Value:
    """GlobalAveragePool on [1, C, H, W] or [1, C, W]."""
    known = builder.activation(node, 0)
    if len(known.shape) not in (3, 4):
        raise Unsupported(f"its input has {len(known.shape)} axes", "use 3 or 4 axes")
    tensor, hwc = builder.as_map(known, 1, node)
    op = GlobalAveragePool(node.name, tensor, UNSET)
    return Draft(op, node, map_view((1, 1, hwc[2]), len(known.shape)), node.outputs[0])


def reduce_mean(builder: Builder, node: Node) -> Value:
    """ReduceMean over all axes but batch and channels; NCHW and NHWC."""
    known = builder.activation(node, 0)
    shape = known.shape
    axes = _reduced_axes(builder, node, len(shape))
    kept = [i for i in range(1, len(shape)) if i not in axes and shape[i] > 1]
    alone = not kept and 1 not in shape[1:]  # all axes are reduced, channels included
    if len(shape) not in (3, 4) or len(kept) > 1 or alone:
        raise Unsupported(
            f"takes the mean of {list(shape)} over the axes {sorted(axes)}",
            "only the mean over height and width together is supported",
        )
    lone = next((i for i in range(1, len(shape)) if shape[i] == 1), 1)
    tensor, hwc = builder.as_map(known, kept[0] if kept else lone, node)
    keep = node.boolean("keepdims", True)
    means = tuple(1 if i in axes else n for i, n in enumerate(shape) if keep or i not in axes)
    view = View((1, 1, hwc[2]), means)
    return Draft(GlobalAveragePool(node.name, tensor, UNSET), node, view, node.outputs[0])


def _walk(node: Node, known: Known, size: tuple[int, int]) -> Sliding:
    kernel = kernel_shape(node, len(known.shape))
    walk = slide(node, known, size, kernel, ceil=node.boolean("ceil_mode", False))
    if walk.idle:
        raise Unsupported("its kernel somewhere sees nothing but padding", "use less padding")
    check_size("its output", walk.out)
    return walk


def _kernel(walk: Sliding) -> tuple[int, int]:
    return (walk.geometry.kernel_h, walk.geometry.kernel_w)


def _own_pads(node: Node) -> bool:
    return any(node.integers("pads") or ()) or node.text("auto_pad", "NOTSET").startswith("SAME")


def _reduced_axes(builder: Builder, node: Node, rank: int) -> frozenset[int]:
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
        constraints=("over height and width together",),
    ),
)
