"""Shapes that a file leaves open, where what is read says them.

Converters do not look through the shapes that a network computes for its own reshapes, as Keras
writes a dense layer on several axes: the file then says 1 for what it does not know.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import onnx

from msfcnn.frontend.tflite.graph import Operator
from msfcnn.frontend.tflite.writer import ONNX_TYPES, OPSET, Writer, operand

Shape = tuple[int, ...]


def settle_shape(writer: Writer, operator: Operator, elementwise: frozenset[str]) -> None:
    """Gives the output of an operator the shape that its inputs make, if the file leaves it open.

    elementwise: kinds whose output is as large as their inputs, broadcast. Nothing is done where
    inputs contradict each other, which the operator's own converter will find.
    """
    if len(operator.outputs) != 1 or not writer.tensor(operator.outputs[0]).open:
        return
    if operator.kind in elementwise:
        found = _broadcast(writer, operator)
    else:
        find = _SHAPES.get(operator.kind)
        found = find(writer, operator) if find is not None else None
    if found is not None:
        writer.settle(operator.outputs[0], found)


def settle_results(writer: Writer, operator: Operator) -> None:
    """Gives outputs that are still open, but for the batch, the shape that ONNX infers for them.

    A convolution behind such a reshape, say, whose height the file leaves open, too.
    """
    for index in operator.outputs:
        place = writer.place(index)
        if place is None or not any(axis > 0 for axis in writer.tensor(index).open):
            continue
        name, layout = place
        shape = _inferred(writer, name)
        if shape is not None and len(shape) == len(writer.tensor(index).shape):
            writer.settle(index, tuple(shape[layout.axis(axis)] for axis in range(len(shape))))


def _inferred(writer: Writer, name: str) -> Shape | None:
    """The shape of a value of the graph as it is by now; None where ONNX cannot tell."""
    borders = [
        onnx.helper.make_tensor_value_info(tensor.name, ONNX_TYPES[tensor.dtype], tensor.shape)
        for tensor in map(writer.tensor, writer.graph.inputs)
    ]
    result = onnx.helper.make_empty_tensor_value_info(name)
    constants = list(writer.constants.values())
    graph = onnx.helper.make_graph(writer.nodes, "so far", borders, [result], constants)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)])
    (found,) = onnx.shape_inference.infer_shapes(model).graph.output
    shape = tuple(d.dim_value for d in found.type.tensor_type.shape.dim)
    return shape if shape and min(shape) > 0 else None


def _broadcast(writer: Writer, operator: Operator) -> Shape | None:
    shapes = [writer.tensor(i).shape for i in operator.inputs if i >= 0]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return None


def _reshaped(writer: Writer, operator: Operator) -> Shape | None:
    """The shape that RESHAPE is told; a -1 in it is what is left."""
    source, told = operand(operator, 0), operand(operator, 1)
    wanted = writer.known(told) if told is not None else None
    if source is None or wanted is None or wanted.dtype.kind not in "iu":
        return None
    shape = [int(n) for n in wanted.ravel()]
    size, rest = math.prod(writer.tensor(source).shape), math.prod(n for n in shape if n != -1)
    if shape.count(-1) == 1 and rest > 0 and size % rest == 0:
        shape[shape.index(-1)] = size // rest
    return tuple(shape) if math.prod(shape) == size and min(shape, default=1) > 0 else None


def _tiled(writer: Writer, operator: Operator) -> Shape | None:
    source, told = operand(operator, 0), operand(operator, 1)
    times = writer.known(told) if told is not None else None
    if source is None or times is None or times.size != len(writer.tensor(source).shape):
        return None
    pairs = zip(writer.tensor(source).shape, times.ravel(), strict=True)
    return tuple(n * int(t) for n, t in pairs)


def _expanded(writer: Writer, operator: Operator) -> Shape | None:
    source, told = operand(operator, 0), operand(operator, 1)
    axis = writer.known(told) if told is not None else None
    if source is None or axis is None or axis.size != 1:
        return None
    shape = list(writer.tensor(source).shape)
    at = int(axis.ravel()[0])
    if not -len(shape) - 1 <= at <= len(shape):
        return None
    shape.insert(at if at >= 0 else at + len(shape) + 1, 1)
    return tuple(shape)


def _dense(writer: Writer, operator: Operator) -> Shape | None:
    """A run of outputs for each run of inputs."""
    source, weights = operand(operator, 0), operand(operator, 1)
    if source is None or weights is None or len(writer.tensor(weights).shape) != 2:
        return None
    shape, (outputs, inputs) = writer.tensor(source).shape, writer.tensor(weights).shape
    if inputs < 1 or math.prod(shape) % inputs:
        return None
    if operator.integer("KeepNumDims") and shape[-1] == inputs:
        return (*shape[:-1], outputs)
    return (math.prod(shape) // inputs, outputs)


_SHAPES: Mapping[str, Callable[[Writer, Operator], Shape | None]] = {
    "EXPAND_DIMS": _expanded,
    "FULLY_CONNECTED": _dense,
    "RESHAPE": _reshaped,
    "TILE": _tiled,
}
