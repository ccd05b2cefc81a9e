"""Half and double precision to float32: what is quantized is made from float32.

Numbers of float64 beyond float32 become infinite, and `quantize` then names the node whose values
are. Integers that are indices or shapes stay what they are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from msfcnn.quantizer.graph import EditedGraph, attribute

OTHER_FLOATS: dict[int, str] = {
    TensorProto.FLOAT16: "float16",
    TensorProto.BFLOAT16: "bfloat16",
    TensorProto.DOUBLE: "float64",
}
MOVING = frozenset("Flatten Identity Reshape Slice Squeeze Transpose Unsqueeze".split())
WHOLE_NUMBERS: dict[int, str] = {
    TensorProto.UINT8: "uint8",
    TensorProto.INT8: "int8",
    TensorProto.UINT16: "uint16",
    TensorProto.INT16: "int16",
    TensorProto.UINT32: "uint32",
    TensorProto.INT32: "int32",
    TensorProto.INT64: "int64",
    TensorProto.BOOL: "bool",
}


def to_float32(model: onnx.ModelProto) -> list[str]:
    """Every real number of the model as float32, in place; returns what was done."""
    found: set[str] = set()
    graph = model.graph
    for tensor in graph.initializer:
        found |= _convert(tensor)
    for node in graph.node:
        for given in node.attribute:
            if given.HasField("t"):
                found |= _convert(given.t)
            if node.op_type == "Cast" and given.name == "to" and given.i in OTHER_FLOATS:
                found.add(OTHER_FLOATS[given.i])
                given.i = TensorProto.FLOAT
    for value in (*graph.input, *graph.output, *graph.value_info):
        kind = value.type.tensor_type
        if kind.elem_type in OTHER_FLOATS:
            found.add(OTHER_FLOATS[kind.elem_type])
            kind.elem_type = TensorProto.FLOAT
    notes = [f"{', '.join(sorted(found))} converted to float32"] if found else []
    return notes + list(_float_input(model))


def dequantize_constants(model: onnx.ModelProto) -> list[str]:
    """Weights that are stored as integers become the real numbers they stand for, in place.

    As in files with weights in int8 and activations in float. Returns what was done.
    (ONNX, DequantizeLinear: y = (x - zero point) * scale, along `axis`; blocks are left alone.)
    """
    edited = EditedGraph(model)
    count = 0
    for node in edited.nodes:
        stored, scale = edited.constant(node, 0), edited.constant(node, 1)
        if node.op_type != "DequantizeLinear" or stored is None or scale is None:
            continue
        if attribute(node, "block_size", 0) or scale.ndim > 1:
            continue
        zero = edited.constant(node, 2)
        column = [1] * stored.ndim
        if scale.size > 1:
            column[attribute(node, "axis", 1)] = scale.size
        steps = stored.astype(np.float64)
        if zero is not None:
            steps = steps - zero.astype(np.float64).reshape(column if zero.size > 1 else 1)
        real = steps * scale.astype(np.float64).reshape(column if scale.size > 1 else 1)
        name = edited.add_constant(f"{node.output[0]}_real", real.astype(np.float32))
        edited.redirect(node.output[0], name)
        edited.remove(node)
        count += 1
    if count:
        edited.drop_unused()
    return [f"{count} stored constants made real numbers"] if count else []


def _convert(tensor: onnx.TensorProto) -> set[str]:
    """Makes a constant float32 in place; returns the type it had, if it was another float."""
    if tensor.data_type not in OTHER_FLOATS:
        return set()
    kind = OTHER_FLOATS[tensor.data_type]
    values = numpy_helper.to_array(tensor).astype(np.float32)
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    return {kind}


def casts_behind(model: onnx.ModelProto, name: str) -> list[onnx.NodeProto] | None:
    """The Casts that make whole numbers of an input real, maybe behind nodes that only move them.

    None where anything else reads them: indices of an embedding, say.
    """
    casts = []
    readers = [node for node in model.graph.node if name in node.input]
    for node in readers:
        if node.op_type == "Cast" and attribute(node, "to") in (TensorProto.FLOAT, *OTHER_FLOATS):
            casts.append(node)
            continue
        moved = node.op_type in MOVING and list(node.input).count(name) == 1
        behind = casts_behind(model, node.output[0]) if moved and node.input[0] == name else None
        if behind is None:
            return None
        casts += behind
    return casts or None


def _float_input(model: onnx.ModelProto) -> Iterator[str]:
    """An input of whole numbers that is cast to float32 becomes a float32 input."""
    for border in model.graph.input:
        kind = border.type.tensor_type
        if kind.elem_type not in WHOLE_NUMBERS:
            continue
        casts = casts_behind(model, border.name)
        if casts is None:
            continue
        yield f"the {WHOLE_NUMBERS[kind.elem_type]} input became float32, with the same values"
        kind.elem_type = TensorProto.FLOAT
        del model.graph.value_info[:]  # what is between was no real number
        for node in casts:
            node.op_type = "Identity"
            del node.attribute[:]
