"""Averages over neighbouring channels, as local response normalization has them: 1x1 convolutions.

ONNX has LRN; PyTorch writes an average pool in three dimensions, of channels as depth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of
from msfcnn.quantizer.prepare.statistics_layers import NewNodes
from msfcnn.quantizer.shapes import shapes_of

Shape = tuple[int, ...]
VOLUME, MAP = 5, 4  # axes
DEPTH = 2  # axis of a volume that holds the channels


def spell_out_neighbours(edited: EditedGraph) -> None:
    """Replaces such nodes in place, where shapes are known."""
    found = [n for n in edited.nodes if kind_of(n) in ("AveragePool", "LRN")]
    shapes = shapes_of(edited.model) if found else {}
    for node in found:
        shape = shapes.get(node.input[0], ())
        if kind_of(node) == "LRN" and len(shape) == MAP:
            _normalize(edited, node, shape[1])
        elif kind_of(node) == "AveragePool" and len(shape) == VOLUME and shape[:2] == (1, 1):
            _average(edited, node, shapes)
    edited.drop_unused()


def _normalize(edited: EditedGraph, node: NodeProto, channels: int) -> None:
    """x * (bias + alpha / size * sum of squares) ** -beta, over `size` channels around each."""
    size = attribute(node, "size")
    before = (size - 1) // 2
    steps = NewNodes(edited, node)
    square = steps.add("Mul", [node.input[0], node.input[0]], "square")
    band = _band(channels, channels, before, size) * (attribute(node, "alpha", 1e-4) / size)
    weights = steps.constant("neighbours", band)
    total = steps.add("Conv", [square, weights], "sum")
    bias = steps.constant("bias", float(attribute(node, "bias", 1.0)))
    above = steps.add("Add", [total, bias], "above_zero")
    power = steps.constant("power", -float(attribute(node, "beta", 0.75)))
    factor = steps.add("Pow", [above, power], "factor")
    _replace(edited, node, steps.add("Mul", [node.input[0], factor], "scaled"))


def _average(edited: EditedGraph, node: NodeProto, shapes: dict[str, Shape]) -> None:
    """An average pool over the depth alone, with the padding in front of it."""
    kernel, strides = attribute(node, "kernel_shape"), attribute(node, "strides", [1] * 3)
    pads = list(attribute(node, "pads", [0] * 6))
    zeros = any(pads) and not attribute(node, "count_include_pad", 0)
    notset = attribute(node, "auto_pad", b"NOTSET") == b"NOTSET"
    if kernel[1:] != [1, 1] or set(strides) != {1} or zeros or not notset or kernel[0] == 1:
        return
    source, result = node.input[0], shapes.get(node.output[0])
    before = pads[0]
    pad = edited.producer(source)
    if pad is not None and kind_of(pad) == "Pad":
        ahead = _zeros_ahead(edited, pad)
        if ahead is None:
            return
        source, before = pad.input[0], before + ahead
    shape = shapes.get(source)
    if result is None or shape is None or shape[3:] != result[3:] or any(pads[1:3] + pads[4:]):
        return
    steps = NewNodes(edited, node)
    flat = steps.constant("map_shape", np.array([1, *shape[DEPTH:]]))
    value = steps.add("Reshape", [source, flat], "map")
    band = _band(result[DEPTH], shape[DEPTH], before, kernel[0]) / np.float32(kernel[0])
    value = steps.add("Conv", [value, steps.constant("neighbours", band)], "average")
    whole = steps.constant("volume_shape", np.array(result))
    _replace(edited, node, steps.add("Reshape", [value, whole], "volume"))


def _zeros_ahead(edited: EditedGraph, pad: NodeProto) -> int | None:
    """How many zeros a Pad puts in front of the depth; None if it pads anything else."""
    sides, number = edited.constant(pad, 1), edited.constant(pad, 2)
    if (
        sides is None
        or sides.size != 2 * VOLUME
        or attribute(pad, "mode", b"constant") != b"constant"
    ):
        return None
    if (number is not None and number.any()) or any(pad.input[3:]) or (sides < 0).any():
        return None
    elsewhere = np.delete(sides, [DEPTH, VOLUME + DEPTH])
    return None if elsewhere.any() else int(sides[DEPTH])


def _band(outputs: int, inputs: int, before: int, size: int) -> NDArray[np.float32]:
    """Weights [outputs, inputs, 1, 1]: 1 for `size` inputs from `before` ahead of the output."""
    distance = np.arange(inputs) - (np.arange(outputs)[:, None] - before)
    found: NDArray[np.float32] = ((distance >= 0) & (distance < size)).astype(np.float32)
    return found[:, :, None, None]


def _replace(edited: EditedGraph, node: NodeProto, value: str) -> None:
    """The last new node writes what the node wrote."""
    last = edited.producer(value)
    assert last is not None
    edited.remove(node)
    last.output[0] = node.output[0]
