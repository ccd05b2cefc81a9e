"""Quotients of two activations inside of a network, as products with a reciprocal.

msfcnn has no division: a product and a table do it. At the end of a network the division is left
as it is, and is cut off: in float it is a few operations, and loses nothing.
"""

from __future__ import annotations

import numpy as np
from onnx import NodeProto, helper

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of
from msfcnn.quantizer.kinds import FUNCTIONS, WEIGHTED, WITH_NUMBER

POINTWISE = FUNCTIONS | WITH_NUMBER | {"Clip", "Max", "Min", "Relu", "Where"}


# added to divisors: the smallest int8 value that is measured may stand for 0. Float32 absorbs it
TINY = np.array(1e-12, np.float32)


def spell_out_quotients(edited: EditedGraph) -> None:
    """Rewrites divisions and lengths of vectors that layers with weights depend on, in place."""
    inside = _before_layers(edited)
    for node in edited.nodes:
        if not inside.intersection(node.output):
            continue
        if kind_of(node) == "Div" and _is_of_activations(edited, node):
            _multiply(edited, node)
        elif kind_of(node) == "ReduceL2":
            _spell_length(edited, node)


def _before_layers(edited: EditedGraph) -> set[str]:
    """The values on which a layer with weights depends."""
    needed: set[str] = set()
    for node in reversed(edited.nodes):
        if kind_of(node) in WEIGHTED or needed.intersection(node.output):
            needed.update(node.input)
    return needed


def _is_of_activations(edited: EditedGraph, node: NodeProto) -> bool:
    """Whether no table can do it: both sides change, and are no functions of one value."""
    if any(edited.is_constant(name) for name in node.input):
        return False
    return len(_leaves(edited, node.input[0]) | _leaves(edited, node.input[1])) > 1


def _leaves(edited: EditedGraph, name: str) -> set[str]:
    """The values from which one is computed element by element."""
    node = edited.producer(name)
    if edited.is_constant(name) or not name:
        return set()
    if node is None or kind_of(node) not in POINTWISE:
        return {name}
    return {leaf for source in node.input for leaf in _leaves(edited, source)}


def _multiply(edited: EditedGraph, node: NodeProto) -> None:
    """a / b as a * (1 / (b + tiny))."""
    positive, inverse = (edited.new_name(f"{node.output[0]}_{k}") for k in ("positive", "inverse"))
    tiny = edited.add_constant(f"{inverse}_tiny", TINY)
    edited.insert_before(
        node,
        helper.make_node("Add", [node.input[1], tiny], [positive], positive),
        helper.make_node("Reciprocal", [positive], [inverse], inverse),
        helper.make_node("Mul", [node.input[0], inverse], list(node.output), node.name),
    )
    edited.remove(node)


def _spell_length(edited: EditedGraph, node: NodeProto) -> None:
    """The root of a sum of squares."""
    result = node.output[0]
    square, total = (edited.new_name(f"{result}_{kind}") for kind in ("square", "sum"))
    axes = attribute(node, "axes")
    given = list(node.input[1:]) if axes is None else [edited.add_constant(total, np.array(axes))]
    keep = attribute(node, "keepdims", 1)
    edited.insert_before(
        node,
        helper.make_node("Mul", [node.input[0], node.input[0]], [square], square),
        helper.make_node("ReduceSum", [square, *given], [total], total, keepdims=keep),
        helper.make_node("Sqrt", [total], [result], node.name),
    )
    edited.remove(node)
