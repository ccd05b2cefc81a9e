"""Shapes and types of the values of a graph, as far as inference tells."""

from __future__ import annotations

import onnx


def shapes_of(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Fully known shapes by value name; values of which any extent is open are left out.

    data_prop: shapes that are computed by nodes (Shape, Gather, Concat) are followed, too.
    """
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    found: dict[str, tuple[int, ...]] = {}
    for value in (*graph.input, *graph.value_info, *graph.output):
        kind = value.type.tensor_type
        if not kind.HasField("shape"):
            continue
        dims = tuple(d.dim_value if d.HasField("dim_value") else -1 for d in kind.shape.dim)
        if all(d > 0 for d in dims):
            found[value.name] = dims
    return found
