"""Weights that a BatchNormalization standardizes, as in NFNet and BiT, computed now.

PyTorch's older exporter writes the standardization as a BatchNormalization in training mode whose
"images" are the weights. The statistics are constant like them, but onnxruntime refuses the mode,
and ONNX's converter the four further outputs that it had before opset 14.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of

EPSILON = 1e-5  # ONNX's default
SIDE_WAYS = frozenset({"Add", "Cast", "Identity", "Mul", "Reshape", "Squeeze", "Unsqueeze"})


def is_training_norm(node: onnx.NodeProto) -> bool:
    """Whether a BatchNormalization takes the statistics of what it reads.

    Opset 14 has an attribute for that; before, to have more than one output meant it.
    """
    if kind_of(node) != "BatchNormalization":
        return False
    return bool(attribute(node, "training_mode", 0)) or sum(bool(o) for o in node.output) > 1


def fold_standardized_weights(model: onnx.ModelProto) -> None:
    """Replaces such nodes by what they compute, in place, where all they read is constant."""
    if not any(is_training_norm(node) for node in model.graph.node):
        return
    edited = EditedGraph(model)
    for node in edited.nodes:
        if not is_training_norm(node):
            continue
        found = [_constant(edited, name) for name in node.input[:3]]
        if all(values is not None for values in found):
            x, gamma, beta = (values for values in found if values is not None)
            epsilon = attribute(node, "epsilon", EPSILON)
            name = edited.add_constant(
                f"{node.output[0]}_standardized", _standardized(x, gamma, beta, epsilon)
            )
            edited.redirect(node.output[0], name)
            edited.remove(node)
    edited.drop_unused()


def _constant(edited: EditedGraph, name: str) -> NDArray[Any] | None:
    """The value of a constant, or of the few nodes that bring one into shape; else None."""
    if edited.is_constant(name):
        stored = next(t for t in edited.graph.initializer if t.name == name)
        return np.asarray(numpy_helper.to_array(stored))
    node = edited.producer(name)
    if node is None or kind_of(node) not in SIDE_WAYS:
        return None
    given = {n: _constant(edited, n) for n in node.input if n}
    if any(values is None for values in given.values()):
        return None
    graph = onnx.helper.make_graph(
        [node],
        "constant",
        [onnx.helper.make_empty_tensor_value_info(n) for n in given],
        [onnx.helper.make_empty_tensor_value_info(name)],
    )
    alone = onnx.helper.make_model(graph, opset_imports=edited.model.opset_import)
    found = cast("list[NDArray[Any]]", ReferenceEvaluator(alone).run(None, given))
    return np.asarray(found[0])


def _standardized(
    x: NDArray[Any], gamma: NDArray[Any], beta: NDArray[Any], epsilon: float
) -> NDArray[Any]:
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta for each index of axis 1."""
    others = tuple(i for i in range(x.ndim) if i != 1)
    exact = x.astype(np.float64)
    centered = exact - exact.mean(others, keepdims=True)
    spread = np.sqrt((centered**2).mean(others, keepdims=True) + epsilon)
    column = (1, -1, *[1] * (x.ndim - 2))
    scaled = centered / spread * gamma.reshape(column) + beta.reshape(column)
    result: NDArray[Any] = scaled.astype(x.dtype)
    return result
