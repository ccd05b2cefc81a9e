"""Softmax over channels."""

from __future__ import annotations

import math

from msfcnn.frontend.onnx.builder import Builder
from msfcnn.frontend.onnx.graph import Node
from msfcnn.frontend.onnx.problems import Unsupported
from msfcnn.frontend.onnx.values import UNSET, Draft, Value
from msfcnn.ir import Softmax


def softmax(builder: Builder, node: Node) -> Value:
    """Softmax over the elements of a vector, or over the channels of each pixel."""
    known = builder.activation(node, 0)
    shape = known.shape
    rank = len(shape)
    axis = node.integer("axis", -1)
    if not -rank <= axis < rank:
        raise Unsupported(f"its axis {axis} is out of range", "the file is damaged")
    axis = axis % rank
    if math.prod(shape) == shape[axis]:  # one softmax over everything: the order is no matter
        tensor, hwc = builder.as_vector(known, node), (1, 1, known.view.size)
    else:
        tensor, hwc = builder.as_map(known, axis, node)
    view = known.view.read_as(hwc)
    return Draft(Softmax(node.name, tensor, UNSET), node, view, node.outputs[0])
