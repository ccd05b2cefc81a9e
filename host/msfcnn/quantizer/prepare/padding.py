"""Padding where the window that slides over it says it best: as numbers, and of its own.

PyTorch exports padding="same" as a word (SAME_UPPER, SAME_LOWER). ONNX defines it for dilated
kernels, onnxruntime does not run it. NASNet and others pad with the lowest number there is before
they take the largest, which is what a MaxPool does with padding of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of, set_attributes
from msfcnn.quantizer.shapes import shapes_of

SAME = (b"SAME_UPPER", b"SAME_LOWER")
LOWEST = -1e30  # what is below is padded with because it is less than any value


def number_paddings(edited: EditedGraph) -> None:
    """Gives dilated convolutions with such a word the numbers it stands for, in place."""
    dilated = [node for node in edited.nodes if _is_dilated(node)]
    shapes = shapes_of(edited.model) if dilated else {}
    for node in dilated:
        pads = _pads(edited, node, shapes)
        if pads is not None:
            set_attributes(node, {"auto_pad": "NOTSET", "pads": pads})


def _is_dilated(node: onnx.NodeProto) -> bool:
    return (
        kind_of(node) == "Conv"
        and attribute(node, "auto_pad", b"NOTSET") in SAME
        and any(d != 1 for d in attribute(node, "dilations", []))
    )


def _pads(
    edited: EditedGraph, node: onnx.NodeProto, shapes: Mapping[str, tuple[int, ...]]
) -> list[int] | None:
    """All before, then all after; None if a size is not known.

    ONNX, Conv: the output has ceil(size / stride) pixels; of an odd number of padded ones
    SAME_UPPER has one more at the end.
    """
    weights, shape = edited.constant(node, 1), shapes.get(node.input[0])
    if weights is None or shape is None or len(shape) != weights.ndim:
        return None
    rank = len(shape) - 2
    strides = attribute(node, "strides", [1] * rank)
    dilations = attribute(node, "dilations", [1] * rank)
    before, after = [], []
    for size, kernel, stride, dilation in zip(
        shape[2:], weights.shape[2:], strides, dilations, strict=True
    ):
        reach = (-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1
        total = max(0, reach - size)
        less, more = total // 2, total - total // 2
        upper = attribute(node, "auto_pad") == b"SAME_UPPER"
        before.append(less if upper else more)
        after.append(more if upper else less)
    return before + after


def pad_in_pools(edited: EditedGraph) -> None:
    """Gives MaxPool the padding of a Pad with the lowest number before it, in place."""
    for pad in [node for node in edited.nodes if kind_of(node) == "Pad"]:
        pool, pads = edited.lone_reader(pad.output[0]), _lowest_pads(edited, pad)
        if pads is None or pool is None or kind_of(pool) != "MaxPool" or len(pool.output) > 1:
            continue
        if attribute(pool, "auto_pad", b"NOTSET") != b"NOTSET":
            continue
        kernel = attribute(pool, "kernel_shape", [])
        rank = len(kernel)
        given = attribute(pool, "pads", [0] * 2 * rank)
        if len(pads) != 2 * (rank + 2) or any(pads[i] for i in (0, 1, rank + 2, rank + 3)):
            continue
        wanted = [*pads[2 : rank + 2], *pads[rank + 4 :]]
        both = [a + b for a, b in zip(given, wanted, strict=True)]
        # onnxruntime wants a kernel to touch what it pads
        if min(both) >= 0 and all(p < kernel[i % rank] for i, p in enumerate(both)):
            set_attributes(pool, {"pads": both})
            edited.bypass(pad)


def _lowest_pads(edited: EditedGraph, pad: onnx.NodeProto) -> list[int] | None:
    """The pads of a Pad of all axes with a number below LOWEST; None for others."""
    pads, value = edited.constant(pad, 1), edited.constant(pad, 2)
    axes = len(pad.input) > 3 and pad.input[3]
    if pads is None or value is None or axes or attribute(pad, "mode", b"constant") != b"constant":
        return None
    return (
        [int(n) for n in pads.ravel()]
        if value.size == 1 and float(value.ravel()[0]) <= LOWEST
        else None
    )
