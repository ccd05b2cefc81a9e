"""Padding that is given by words (SAME_UPPER, SAME_LOWER) as numbers, where the kernel is dilated.

PyTorch exports padding="same" so. ONNX defines it for dilated kernels, onnxruntime does not run it.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of, set_attributes
from msfcnn.quantizer.shapes import shapes_of

SAME = (b"SAME_UPPER", b"SAME_LOWER")


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
