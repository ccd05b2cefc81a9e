"""The ONNX graph as plain immutable data; behind this module nothing knows protobuf."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from msfcnn.errors import ModelError, Problem
from msfcnn.nodes import Border, Graph, Node, Shape

DEFAULT_DOMAINS = ("", "ai.onnx")
CONTRIB = "com.microsoft"
CONTRIB_QDQ = ("QuantizeLinear", "DequantizeLinear")  # onnxruntime's twins of the standard ops


def graph_of(proto: onnx.ModelProto, shapes: Mapping[str, Shape]) -> Graph:
    """Decodes a checked ModelProto. Raises ModelError for content that cannot be decoded.

    Initializers that no live node reads are left out: a damaged one that nobody needs is no error,
    and a large one takes no memory.
    """
    graph = proto.graph
    constants = {t.name for t in graph.initializer}
    inputs = tuple(border_of(v) for v in graph.input if v.name not in constants)
    outputs = tuple(border_of(v) for v in graph.output)
    nodes = _live([_node_of(n) for n in graph.node], {o.name for o in outputs}, constants, shapes)
    used = {name for node in nodes for name in node.inputs} | {o.name for o in outputs}
    initializers = {t.name: decode(t, t.name) for t in graph.initializer if t.name in used}
    return Graph(
        nodes=nodes, initializers=initializers, inputs=inputs, outputs=outputs, shapes=shapes
    )


def border_of(value: onnx.ValueInfoProto) -> Border:
    """A declared input or output; a dimension without a number is None, its name is in params."""
    tensor = value.type.tensor_type
    dims = tensor.shape.dim
    return Border(
        value.name,
        tuple(d.dim_value if d.HasField("dim_value") and d.dim_value >= 0 else None for d in dims),
        tuple(d.dim_param for d in dims),
        _dtype_name(tensor.elem_type) if value.type.HasField("tensor_type") else "no tensor",
    )


def decode(tensor: onnx.TensorProto, where: str) -> NDArray[Any]:
    """The values of a constant tensor. where: names it in a problem. Raises ModelError."""
    try:
        return onnx.numpy_helper.to_array(tensor)
    except Exception as error:  # damaged data surfaces as whatever NumPy or onnx trips over
        what = f"its data does not fit its shape and type ({_first_line(error)})"
        raise ModelError(Problem(where, what, "the file is damaged; export it again")) from error


def standardize_pairs(proto: onnx.ModelProto) -> None:
    """Makes onnxruntime's twins of QuantizeLinear and DequantizeLinear the standard ones, in place.

    Shape inference knows only these; a size that a network computes for itself depends on it.
    """
    for node in proto.graph.node:
        if node.domain == CONTRIB and node.op_type in CONTRIB_QDQ:
            node.domain = ""


def node_label(proto: onnx.NodeProto) -> str:
    """The name of a node as Netron shows it."""
    return proto.name or next((o for o in proto.output if o), proto.op_type)


def attribute(node: onnx.NodeProto, name: str, default: Any = None) -> Any:
    """The value of an attribute of a node."""
    found = next((a for a in node.attribute if a.name == name), None)
    return default if found is None else onnx.helper.get_attribute_value(found)


def set_attributes(node: onnx.NodeProto, values: Mapping[str, Any]) -> None:
    """Replace attributes of a node."""
    kept = [a for a in node.attribute if a.name not in values]
    del node.attribute[:]
    node.attribute.extend(kept)
    node.attribute.extend(onnx.helper.make_attribute(k, v) for k, v in values.items())


def node_kind(proto: onnx.NodeProto) -> str:
    """The operator of a node; operators outside the standard carry their domain."""
    if proto.domain in DEFAULT_DOMAINS:
        return proto.op_type
    if proto.domain == CONTRIB and proto.op_type in CONTRIB_QDQ:
        return proto.op_type
    return f"{proto.domain}::{proto.op_type}"


def _node_of(proto: onnx.NodeProto) -> Node:
    """A node without protobuf. Raises ModelError for an attribute that cannot be read."""
    name, kind = node_label(proto), node_kind(proto)
    attributes: dict[str, Any] = {}
    try:
        for attribute in proto.attribute:
            value = onnx.helper.get_attribute_value(attribute)
            is_tensor = isinstance(value, onnx.TensorProto)
            attributes[attribute.name] = decode(value, name) if is_tensor else value
    except ModelError:
        raise
    except Exception as error:  # onnx has no common error for a damaged attribute
        what = f"an attribute cannot be read ({_first_line(error)})"
        raise ModelError(Problem(name, what, kind=kind)) from error
    return Node(
        name=name,
        kind=kind,
        inputs=tuple(proto.input),
        outputs=tuple(proto.output),
        attributes=attributes,
    )


def _live(
    nodes: list[Node], wanted: set[str], constants: set[str], shapes: Mapping[str, Shape]
) -> tuple[Node, ...]:
    """Nodes that an output depends on.

    The target of a Reshape may be computed by Shape, Gather and Concat nodes. Where its result
    is known from shape inference those nodes are not needed, and need not be supported.
    """
    constants = constants | {o for n in nodes if n.kind == "Constant" for o in n.outputs}
    live: list[Node] = []
    for node in reversed(nodes):
        if wanted.isdisjoint(node.outputs):
            continue
        live.append(node)
        inferred = None not in shapes.get(node.outputs[0], (None,))
        computed = node.kind == "Reshape" and node.input(1) not in constants
        wanted |= {node.input(0)} if computed and inferred else set(node.inputs) - {""}
    return tuple(reversed(live))


def _dtype_name(elem_type: int) -> str:
    """NumPy's name of an ONNX type; of types that NumPy lacks their number, for messages."""
    try:
        return str(np.dtype(onnx.helper.tensor_dtype_to_np_dtype(elem_type)))
    except (KeyError, TypeError, ValueError):
        return f"ONNX type {elem_type}"


def _first_line(error: Exception) -> str:
    """What an error of a library says, short enough to stand in a sentence of ours."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
