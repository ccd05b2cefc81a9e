"""Shapes and types of the values of a graph, as far as inference tells."""

from __future__ import annotations

import math

import onnx
from onnx import helper

LARGEST_LIST = 4096  # elements of a constant that may be a shape or part of one


def shapes_of(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Fully known shapes by value name; values of which any extent is open are left out.

    data_prop: shapes that are computed by nodes (Shape, Gather, Concat) are followed, too.
    """
    graph = onnx.shape_inference.infer_shapes(_without_weights(model), data_prop=True).graph
    weights = {t.name for t in model.graph.initializer}
    found: dict[str, tuple[int, ...]] = {}
    for value in (*graph.input, *graph.value_info, *graph.output):
        kind = value.type.tensor_type
        if value.name in weights or not kind.HasField("shape"):
            continue
        dims = tuple(d.dim_value if d.HasField("dim_value") else -1 for d in kind.shape.dim)
        if all(d > 0 for d in dims):
            found[value.name] = dims
    return found


def _without_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with large constants as inputs: inference copies it, and needs their shapes only.

    It is asked for after every change of a graph, so that tens of megabytes would be copied often.
    """
    light = onnx.ModelProto(ir_version=model.ir_version)
    light.opset_import.extend(model.opset_import)
    light.functions.extend(model.functions)
    graph, given = light.graph, model.graph
    graph.name = given.name
    graph.node.extend(given.node)
    graph.input.extend(given.input)
    graph.output.extend(given.output)
    graph.value_info.extend(given.value_info)
    for tensor in given.initializer:
        if math.prod(tensor.dims) <= LARGEST_LIST:
            graph.initializer.append(tensor)
        else:
            shape = list(tensor.dims)
            graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, shape))
    return light
