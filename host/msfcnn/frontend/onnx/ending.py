"""Indices of the largest scores, at the end of a quantized network: left to the application.

An ArgMax is a loop over a few bytes there, and its result is no int8 value. `quantize` cuts such
ends off float networks; files that others have quantized still have them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import onnx

from msfcnn.errors import ModelNote
from msfcnn.frontend.onnx.graph import node_kind

ENDS = frozenset({"ArgMax", "ArgMin", "NonMaxSuppression", "TopK"})
BEHIND = frozenset("Cast Flatten Identity Reshape Squeeze Transpose Unsqueeze".split())


def without_end(proto: onnx.ModelProto) -> onnx.ModelProto:
    """The model up to such operators, with a ModelNote; itself if it has none of them at its end.

    Its outputs are then what they read: scores instead of an index.
    """
    graph = proto.graph
    lost: set[str] = set()
    gone = []
    for node in graph.node:
        if node_kind(node) in ENDS or lost.intersection(node.input):
            gone.append(node)
            lost.update(node.output)
    if not gone or any(node_kind(node) not in ENDS | BEHIND for node in gone):
        return proto
    kept = {name for node in graph.node if node not in gone for name in node.output}
    bared = [name for node in gone for name in node.input if name in kept]
    names = [value.name for value in graph.output if value.name not in lost]
    names = list(dict.fromkeys((*names, *bared)))
    typed = _typed(proto)
    if not names or any(name not in typed for name in names):
        return proto
    cut = onnx.ModelProto()
    cut.CopyFrom(proto)
    del cut.graph.node[:], cut.graph.output[:]
    cut.graph.node.extend(node for node in graph.node if node not in gone)
    cut.graph.output.extend(typed[name] for name in names)
    warnings.warn(ModelNote(cut_note(gone, names)), stacklevel=2)
    return cut


def _typed(proto: onnx.ModelProto) -> dict[str, onnx.ValueInfoProto]:
    """Values with a type, by name."""
    try:
        graph = onnx.shape_inference.infer_shapes(proto).graph
    except (onnx.shape_inference.InferenceError, ValueError):
        graph = proto.graph
    return {v.name: v for v in (*graph.output, *graph.value_info)}


def cut_note(gone: Iterable[onnx.NodeProto], names: Iterable[str]) -> str:
    """What is said of nodes that are left to the application. names: of the outputs now."""
    kinds = ", ".join(f"{node.op_type} '{node.name}'" for node in gone)
    outputs = ", ".join(names)
    return f"cut off the end, for the application to do: {kinds}; outputs now {outputs}"
