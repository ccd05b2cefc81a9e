"""Files of dynamic quantization as the float networks that they stand for, with rounded weights.

DynamicQuantizeLinear chooses a scale for each image, ConvInteger and MatMulInteger compute with
integers, a Cast and a Mul make real numbers of that (ONNX). Without the rounding of activations it
is a Conv or MatMul of the real values, by the real values of the weights.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from msfcnn.quantizer.graph import EditedGraph, kind_of

LAYERS = {"ConvInteger": "Conv", "MatMulInteger": "MatMul"}


def is_dynamic(model: onnx.ModelProto) -> bool:
    """Whether activations are quantized by DynamicQuantizeLinear, and by nothing else."""
    kinds = {kind_of(node) for node in model.graph.node}
    static = any("QLinear" in k or k.endswith("::QuantizeLinear") for k in kinds)
    integer = {k for k in kinds if k.endswith("Integer")} - set(LAYERS)
    return "DynamicQuantizeLinear" in kinds and not (static or integer or "QuantizeLinear" in kinds)


def undo_dynamic(model: onnx.ModelProto) -> list[str]:
    """Makes such a model float, in place; returns what was done.

    Its constants must be initializers. What is no constant weight stays, and is refused later.
    """
    if not is_dynamic(model):
        return []
    edited = EditedGraph(model)
    one = edited.add_constant("dynamic_scale", np.array(1, np.float32))
    real = {}
    for node in edited.nodes:
        if kind_of(node) == "DynamicQuantizeLinear":
            real[node.output[0]] = node.input[0]
            edited.redirect(node.output[1], one)
    count = 0
    for node in edited.nodes:
        if kind_of(node) not in LAYERS or node.input[0] not in real:
            continue
        weights = _weights(edited, node)
        if weights is None:
            continue
        name = edited.add_constant(f"{node.input[1]}_steps", weights)
        inputs = [real[node.input[0]], name]
        layer = helper.make_node(LAYERS[kind_of(node)], inputs, list(node.output), node.name)
        layer.attribute.extend(node.attribute)
        edited.insert_before(node, layer)
        edited.remove(node)
        for reader in edited.readers(layer.output[0]):
            if kind_of(reader) == "Cast":
                edited.bypass(reader)
        count += 1
    edited.drop_unused()
    del model.graph.value_info[:]
    return [f"the rounding of activations in {count} layers, new for each image, was undone"]


def _weights(edited: EditedGraph, node: onnx.NodeProto) -> NDArray[np.float32] | None:
    """Stored weights less their zero point, as real numbers."""
    stored, zero = edited.constant(node, 1), edited.constant(node, 3)
    if stored is None:
        return None
    steps = stored.astype(np.float32)
    if zero is None or not zero.any():
        return steps
    column = zero.astype(np.float32)
    if zero.size > 1 and kind_of(node) == "ConvInteger":
        column = column.reshape(-1, *[1] * (stored.ndim - 1))
    return steps - column
