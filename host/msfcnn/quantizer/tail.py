"""Float postprocessing that msfcnn has no operator for, cut off the end of a model.

Detectors end in box decoding and non-maximum suppression, which are a few operations on few values,
cheap in float on the application's side, and no work for int8.
"""

from __future__ import annotations

from collections.abc import Collection

import onnx

from msfcnn.frontend import cut_note
from msfcnn.quantizer.graph import EditedGraph, kind_of
from msfcnn.quantizer.kinds import WEIGHTED


def cut_tail(model: onnx.ModelProto, named: Collection[str]) -> tuple[onnx.ModelProto, str] | None:
    """The model without these nodes and all behind them, and a note that says so.

    named: nodes by name. None if a layer with weights lies behind one of them, or nothing is left.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    edited = EditedGraph(copy)
    gone = _downstream(edited, named)
    if not gone or any(kind_of(n) in WEIGHTED for n in gone):
        return None
    lost = {o for n in gone for o in n.output}
    left: list[str] = []
    for name in edited.outputs:
        left += _frontier(edited, name, lost) if name in lost else [name]
    left = list(dict.fromkeys(left))
    borders = [border.name for border in edited.graph.input]
    if not left or any(name in left for name in borders):
        return None
    typed = {v.name: v for v in (*copy.graph.output, *copy.graph.value_info)}
    if any(name not in typed for name in left):
        return None
    outputs = [typed[name] for name in left]
    del copy.graph.output[:]
    copy.graph.output.extend(outputs)
    edited.drop_unused()
    if not all(edited.readers(name) for name in borders):
        return None  # what is left has fewer inputs
    return copy, cut_note(gone, left)


def _downstream(edited: EditedGraph, named: Collection[str]) -> list[onnx.NodeProto]:
    """The named nodes and all that depends on them."""
    lost: set[str] = set()
    gone = []
    for node in edited.nodes:
        if node.name in named or lost & set(node.input):
            gone.append(node)
            lost |= set(node.output)
    return gone


def _frontier(edited: EditedGraph, name: str, lost: Collection[str]) -> list[str]:
    """The kept values from which a lost one was computed: what the model's outputs become."""
    if name not in lost:
        return [] if edited.is_constant(name) or not name else [name]
    producer = edited.producer(name)
    assert producer is not None
    return [kept for source in producer.input for kept in _frontier(edited, source, lost)]
