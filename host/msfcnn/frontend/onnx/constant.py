"""Constant nodes, which some exporters write instead of initializers."""

from __future__ import annotations

import numpy as np

from msfcnn.nodes import Builder, Constant, Importer, Node, Unsupported, Value

DTYPES = {
    "value_float": np.float32,
    "value_floats": np.float32,
    "value_int": np.int64,
    "value_ints": np.int64,
}


def constant(builder: Builder, node: Node) -> Value:  # noqa: ARG001 - the signature of handlers
    """A tensor, a number or a list of numbers; dtypes are those of ONNX's Constant.

    Raises Unsupported for strings and sparse tensors, which no operator here reads.
    """
    tensor = node.attributes.get("value")
    if isinstance(tensor, np.ndarray):
        return Constant(tensor)
    for name, dtype in DTYPES.items():
        if name in node.attributes:
            return Constant(np.asarray(node.attributes[name], dtype=dtype))
    raise Unsupported("holds no tensor of numbers", "export its value as a tensor")


CONSTANT = Importer(
    kind="Constant",
    convert=constant,
    becomes="constant",
    constraints=("tensor, float(s) or int(s)",),
)
