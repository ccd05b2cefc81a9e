"""Sizes that a graph computes of its own shapes, as PyTorch writes them for an open batch: folded.

With one image of a fixed size every Shape is a constant, and so is what is computed of it alone.
The amounts of a Pad are computed of zeros of a constant number (ConstantOfShape).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from msfcnn.frontend.onnx.graph import DEFAULT_DOMAINS
from msfcnn.frontend.onnx.shapes import infer
from msfcnn.nodes import Shape

FOLDED = frozenset(
    "Add Cast Ceil Concat ConstantOfShape Div Equal Expand Floor Gather Identity Max Min Mul Neg "
    "ReduceProd Reshape Slice Squeeze Sub Transpose Unsqueeze Where".split()
)
SOURCES = ("Shape", "ConstantOfShape")
LARGEST = 4096  # elements; sizes are few
ROUNDS = 8  # a size that is found may settle the shape that the next Shape asks for

Values = dict[str, NDArray[Any]]


def fold_sizes(proto: onnx.ModelProto, where: str) -> Mapping[str, Shape]:
    """Makes computed sizes constants, in place; returns the shape of every value.

    where: names the model in messages. Raises ModelError if its shapes contradict each other.
    """
    shapes = infer(proto, where)
    for _ in range(ROUNDS):
        sources = [n for n in proto.graph.node if any(_is(n, kind) for kind in SOURCES)]
        if not sources or not _fold(proto, shapes):
            break
        shapes = infer(proto, where)
    return shapes


def _fold(proto: onnx.ModelProto, shapes: Mapping[str, Shape]) -> bool:
    """Folds what is known by these shapes; whether that was anything."""
    graph = proto.graph
    known = {t.name: numpy_helper.to_array(t) for t in graph.initializer if _size(t) <= LARGEST}
    for node in graph.node:
        if _is(node, "Constant") and node.attribute and node.attribute[0].name == "value":
            known[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    found: Values = {}
    kept = []
    for node in graph.node:
        value = _value(proto, node, shapes, {**known, **found}, found)
        if value is None:
            kept.append(node)
        else:
            found[node.output[0]] = value
    del graph.node[:]
    graph.node.extend(kept)
    read = {name for node in kept for name in node.input} | {value.name for value in graph.output}
    graph.initializer.extend(
        numpy_helper.from_array(value, name) for name, value in found.items() if name in read
    )
    return bool(found)


def _value(
    proto: onnx.ModelProto,
    node: onnx.NodeProto,
    shapes: Mapping[str, Shape],
    known: Values,
    found: Values,
) -> NDArray[Any] | None:
    """What a node gives, if it is a size: of a known shape, or computed of such alone."""
    if _is(node, "Shape"):
        shape = shapes.get(node.input[0], (None,))
        begin, end = (_integer(node, name) for name in ("start", "end"))
        return None if None in shape else np.array(shape[begin:end], np.int64)
    given = [name for name in node.input if name]
    begun = _is(node, "ConstantOfShape") or any(name in found for name in given)
    sized = begun and all(name in known for name in given)
    if not sized or len(node.output) != 1 or not any(_is(node, kind) for kind in FOLDED):
        return None
    return _evaluated(proto, node, {name: known[name] for name in given})


def _evaluated(proto: onnx.ModelProto, node: onnx.NodeProto, feeds: Values) -> NDArray[Any] | None:
    """The result of a node of constants; None if it has none, or a large one."""
    borders = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
        )
        for name, value in feeds.items()
    ]
    result = helper.make_empty_tensor_value_info(node.output[0])
    graph = helper.make_graph([node], "size", borders, [result])
    model = helper.make_model(graph, opset_imports=list(proto.opset_import))
    try:
        (value,) = ReferenceEvaluator(model).run(None, feeds)
    except Exception:  # damaged in any way: the importer of the operator that reads it says how
        return None
    array = np.asarray(value)
    return array if array.size <= LARGEST else None


def _is(node: onnx.NodeProto, kind: str) -> bool:
    return node.op_type == kind and node.domain in DEFAULT_DOMAINS


def _integer(node: onnx.NodeProto, name: str) -> int | None:
    return next((int(a.i) for a in node.attribute if a.name == name), None)


def _size(tensor: onnx.TensorProto) -> int:
    return int(np.prod(tensor.dims, dtype=np.int64))
