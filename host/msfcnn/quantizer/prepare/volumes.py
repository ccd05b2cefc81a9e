"""Pools in three dimensions whose kernel has one element along the first: pools of images.

People write torch's MaxPool3d((1, 3, 3)) to skip channels with its stride (LPRNet).
"""

from __future__ import annotations

import numpy as np
from onnx import NodeProto, helper

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of
from msfcnn.quantizer.shapes import shapes_of

VOLUME = 5  # axes


def flatten_volumes(edited: EditedGraph) -> None:
    """Replaces such pools of [1, 1, D, H, W] in place: D becomes the channels."""
    pools = [n for n in edited.nodes if kind_of(n) in ("MaxPool", "AveragePool")]
    shapes = shapes_of(edited.model) if pools else {}
    for node in pools:
        shape = shapes.get(node.input[0], ())
        if len(shape) == VOLUME and shape[:2] == (1, 1) and not any(node.output[1:]):
            _flatten(edited, node)


def _flatten(edited: EditedGraph, node: NodeProto) -> None:
    """Squeeze, a pool of images, every so many channels, Unsqueeze."""
    kernel = attribute(node, "kernel_shape")
    strides, dilations = (list(attribute(node, k, [1] * 3)) for k in ("strides", "dilations"))
    pads, auto = list(attribute(node, "pads", [0] * 6)), attribute(node, "auto_pad", b"NOTSET")
    if kernel[0] != 1 or pads[0] or pads[3] or auto not in (b"NOTSET", b"VALID"):
        return
    result = node.output[0]
    flat, pooled, cut = (edited.new_name(f"{result}_{kind}") for kind in ("flat", "pooled", "cut"))
    given = {"kernel_shape": kernel[1:], "strides": strides[1:], "dilations": dilations[1:]}
    given |= {"pads": [*pads[1:3], *pads[4:]], "ceil_mode": attribute(node, "ceil_mode", 0)}
    if kind_of(node) == "AveragePool":
        given["count_include_pad"] = attribute(node, "count_include_pad", 0)
        if edited.opset < 19:  # the first whose AveragePool has dilations
            del given["dilations"]
    one = edited.add_constant(f"{result}_axis", np.array([1]))
    numbers = (0, np.iinfo(np.int64).max, 1, strides[0])
    bounds = [edited.add_constant(f"{result}_bound", np.array([n])) for n in numbers]
    edited.insert_before(
        node,
        helper.make_node("Squeeze", [node.input[0], one], [flat], flat),
        helper.make_node(kind_of(node), [flat], [pooled], node.name, **given),
        helper.make_node("Slice", [pooled, *bounds], [cut], cut),
        helper.make_node("Unsqueeze", [cut, one], [result], f"{result}_volume"),
    )
    edited.remove(node)
