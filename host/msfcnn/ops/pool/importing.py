"""MaxPool, AveragePool, GlobalAveragePool and the mean over height and width in ONNX.

What ONNX has as GlobalMaxPool or ReduceMax is a MaxPool whose kernel is the map; a mean over the
whole map is a GlobalAveragePool, however the exporter spells it, as that needs no line buffers.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from msfcnn.nodes import (
    UNSET,
    Builder,
    Draft,
    Importer,
    Known,
    Node,
    Padding,
    Role,
    Sliding,
    Unsupported,
    Value,
    check_size,
    kernel_shape,
    map_view,
    slide,
    spatial_input,
)
from msfcnn.ops.pool.extremes import extreme
from msfcnn.ops.pool.op import LOWEST, AveragePool, GlobalAveragePool, MaxPool
from msfcnn.ops.pool.reducing import global_max_pool, reduce_max, reduce_min, reduced
from msfcnn.ops.support import SLIDING


def max_pool(builder: Builder, node: Node) -> Value:
    """MaxPool; its result is exact in the quantization of its input.

    Padding never wins, as ONNX pads with the lowest number. Zeros of a Pad node in front may win:
    they are made real pixels, unless 0 is the lowest value that the tensor can hold (after a Relu).
    Raises Unsupported where the indices are used and where a kernel sees padding only.
    """
    if any(node.outputs[1:]):
        raise Unsupported(
            "its second output (indices) is used",
            "use only the maximum; upsample by Resize or ConvTranspose, not by unpooling",
        )
    known = _seen(builder, node, spatial_input(builder, node))
    tensor, hwc = builder.as_map(known, 1, node)
    quantization = builder.tensors[tensor].quantization
    if known.padding and quantization.zero_point != LOWEST:
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
    return _average(builder, node, _seen(builder, node, spatial_input(builder, node)))


def _average(builder: Builder, node: Node, known: Known) -> Value:
    """The mean under a kernel over `known`, with zeros of a Pad in front taken over if possible.

    Two kinds of zeros can lie around a map: those of a Pad node always count, those of the node's
    own pads only with count_include_pad. One geometry cannot hold both kinds, so a Pad is then made
    of real pixels.
    """
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
        return _on_real_zeros(builder, node, known, walk)
    view = map_view((*walk.out, hwc[2]), len(known.shape))
    geometry, usual = walk.geometry, builder.tensors[tensor].quantization
    # the kernel covers the whole map
    if walk.out == (1, 1) and not geometry.padded and hwc[:2] == _kernel(walk):
        mean = GlobalAveragePool(node=node.name, input=tensor, output=UNSET)
        return Draft(op=mean, node=node, view=view, origin=node.outputs[0], usual=usual)
    op = AveragePool(
        node=node.name, input=tensor, output=UNSET, geometry=geometry, count_include_pad=counted
    )
    return Draft(op=op, node=node, view=view, origin=node.outputs[0], usual=usual)


def _on_real_zeros(builder: Builder, node: Node, known: Known, walk: Sliding) -> Value:
    """An AveragePool whose padding counts, but not what ceil_mode reaches beyond it.

    The padding becomes pixels like others; what is beyond them is left out.
    """
    g, below, right = walk.geometry, walk.rows.surplus, walk.columns.surplus
    rank = len(known.shape)
    before: tuple[int, ...] = (0, 0, g.pad_top, g.pad_left)
    after: tuple[int, ...] = (0, 0, g.pad_bottom - below, g.pad_right - right)
    spatial = slice(0, 4) if rank == 4 else slice(1, 4)
    zeros = Padding(node, before[spatial], after[spatial])
    padded = builder.with_zeros(replace(known, padding=zeros))
    plain = {"count_include_pad": 0, "pads": [0] * (2 * rank - 4), "auto_pad": "NOTSET"}
    attributes = {**node.attributes, **plain}
    return _average(builder, replace(node, attributes=attributes), padded)


def global_average_pool(builder: Builder, node: Node) -> Value:
    """GlobalAveragePool on [1, C, H, W] or [1, C, W]; the result keeps the axes, of size 1.

    usual: where no QuantizeLinear follows, the mean is kept in its input's quantization, rounded.
    """
    known = builder.activation(node, 0)
    if len(known.shape) not in (3, 4):
        raise Unsupported(f"its input has {len(known.shape)} axes", "use 3 or 4 axes")
    tensor, hwc = builder.as_map(known, 1, node)
    op = GlobalAveragePool(node=node.name, input=tensor, output=UNSET)
    view = map_view((1, 1, hwc[2]), len(known.shape))
    usual = builder.tensors[tensor].quantization
    return Draft(op=op, node=node, view=view, origin=node.outputs[0], usual=usual)


def _seen(builder: Builder, node: Node, known: Known) -> Known:
    """The map, with zeros of a Pad in front made real where a kernel would see nothing else."""
    kernel = kernel_shape(node, len(known.shape))
    _, hwc = builder.as_map(known, 1, node)
    idle = slide(node, known, hwc[:2], kernel, ceil=node.boolean("ceil_mode", False)).idle
    return builder.with_zeros(known) if idle and known.padding else known


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
        constraints=("2-D or 1-D",),
        role=Role.SPATIAL,
    ),
    Importer(
        kind="ReduceMax",
        convert=reduce_max,
        becomes="MaxPool over the whole map, or over the channels",
        constraints=("over height and width, one of them, channels, or everything",),
    ),
    Importer(
        kind="ReduceMin",
        convert=reduce_min,
        becomes="MaxPool between two Lookups",
        constraints=("as ReduceMax",),
    ),
    *(
        Importer(
            kind=kind,
            convert=partial(extreme, kind == "Max"),
            becomes="Lookup; of several tensors Concat and MaxPool",
            constraints=("activations and constants of any shape",),
            role=Role.ELEMENTWISE,
        )
        for kind in ("Max", "Min")
    ),
)
AveragePool.importers = (
    Importer(
        kind="AveragePool",
        convert=average_pool,
        becomes="AveragePool; GlobalAveragePool if it covers the whole map",
        constraints=(*SLIDING, "ceil_mode and count_include_pad"),
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
        convert=partial(reduced, False),
        becomes="GlobalAveragePool, AveragePool, or a Conv over channels",
        constraints=("over any axes but the batch",),
    ),
    Importer(
        kind="ReduceSum",
        convert=partial(reduced, True),
        becomes="as ReduceMean",
        constraints=("over any axes but the batch; QuantizeLinear behind it",),
    ),
)
