"""Activations that exporters take apart, put together again: hard-sigmoid, hard-swish, GELU.

Left apart, each part would be quantized by itself: several roundings, and products of maps, where
one table of 256 bytes is exact. A part that somebody else reads, too, stays as it is.
"""

from __future__ import annotations

import math

import onnx
from onnx import helper

from msfcnn.quantizer.graph import EditedGraph, kind_of

HARD_SWISH_OPSET = 14  # the first opsets with these operators
GELU_OPSET = 20


def restore_activations(edited: EditedGraph) -> None:
    """Replace the parts of an activation by the operator, in place."""
    for node in edited.nodes:
        if kind_of(node) in ("Div", "Mul"):
            _hard_sigmoid(edited, node)
    for node in edited.nodes:
        if kind_of(node) == "Mul":
            _hard_swish(edited, node)
        if kind_of(node) == "Erf":
            _gelu(edited, node)
    edited.drop_unused()


def _scalar(edited: EditedGraph, node: onnx.NodeProto, index: int) -> float | None:
    """The number that an input of a node is; None if it is computed, or more than one."""
    constant = edited.constant(node, index)
    return float(constant.ravel()[0]) if constant is not None and constant.size == 1 else None


def _operands(edited: EditedGraph, node: onnx.NodeProto) -> tuple[str, float] | None:
    """The activation and the scalar of a commutative node."""
    for index in (0, 1):
        value = _scalar(edited, node, index)
        if value is not None:
            return node.input[1 - index], value
    return None


def _product(edited: EditedGraph, node: onnx.NodeProto | None) -> tuple[str, float] | None:
    """The activation that a Mul or Div reads, and the number it is multiplied by.

    None for other nodes, and for a number divided by an activation, which is no product.
    """
    if node is None or kind_of(node) not in ("Mul", "Div"):
        return None
    if kind_of(node) == "Mul":
        return _operands(edited, node)
    divisor = _scalar(edited, node, 1)
    return (node.input[0], 1 / divisor) if divisor else None


def _hard_sigmoid(edited: EditedGraph, node: onnx.NodeProto) -> None:
    """Clip(x + 3, 0, 6) / 6."""
    product = _product(edited, node)
    if product is None:
        return
    clip, factor = edited.producer(product[0]), product[1]
    if clip is None or kind_of(clip) != "Clip" or edited.lone_reader(clip.output[0]) is None:
        return
    low, high = _scalar(edited, clip, 1), _scalar(edited, clip, 2)
    add = edited.producer(clip.input[0])
    given = _operands(edited, add) if add is not None and kind_of(add) == "Add" else None
    if given is None or add is None or edited.lone_reader(add.output[0]) is None:
        return
    if low != 0 or high != 6 or given[1] != 3 or not math.isclose(factor, 1 / 6, rel_tol=1e-5):
        return
    new = helper.make_node(
        "HardSigmoid", [given[0]], [node.output[0]], node.name, alpha=1 / 6, beta=0.5
    )
    edited.insert_before(node, new)
    edited.remove(node)


def _hard_swish(edited: EditedGraph, node: onnx.NodeProto) -> None:
    """x * HardSigmoid(x) with the slope 1/6."""
    if edited.opset < HARD_SWISH_OPSET:
        return
    for index in (0, 1):
        gate = edited.producer(node.input[index])
        if gate is None or kind_of(gate) != "HardSigmoid" or gate.input[0] != node.input[1 - index]:
            continue
        values = {a.name: a.f for a in gate.attribute}
        slope, middle = values.get("alpha", 0.2), values.get("beta", 0.5)
        if not math.isclose(slope, 1 / 6, rel_tol=1e-5) or middle != 0.5:
            continue
        new = helper.make_node("HardSwish", [gate.input[0]], [node.output[0]], node.name)
        edited.insert_before(node, new)
        edited.remove(node)
        return


def _gelu(edited: EditedGraph, erf: onnx.NodeProto) -> None:
    """x * (1 + Erf(x / sqrt(2))) / 2 in any order of its factors."""
    if edited.opset < GELU_OPSET:
        return
    given = _product(edited, edited.producer(erf.input[0]))
    if given is None:
        return
    x, factor = given
    add = edited.lone_reader(erf.output[0])
    added = _operands(edited, add) if add is not None and kind_of(add) == "Add" else None
    if not math.isclose(factor, math.sqrt(0.5), rel_tol=1e-5) or added is None or added[1] != 1:
        return
    end = _end_of_gelu(edited, add, x)
    if end is not None:
        new = helper.make_node("Gelu", [x], [end.output[0]], end.name)
        edited.insert_before(end, new)
        edited.remove(end)


def _end_of_gelu(edited: EditedGraph, add: onnx.NodeProto | None, x: str) -> onnx.NodeProto | None:
    """The last of the two products: with x and with one half.

    Exporters write x * (1 + erf) * 0.5, (0.5 * x) * (1 + erf) or 0.5 * (x * (1 + erf)). None if
    the nodes behind `add` do anything else.
    """
    node, seen_x, seen_half = add, False, False
    while node is not None and not (seen_x and seen_half):
        following = edited.lone_reader(node.output[0])
        if following is None or kind_of(following) not in ("Mul", "Div"):
            return None
        scalar = _product(edited, following)
        others = [n for n in following.input if n != node.output[0]]
        half = None if scalar else _product(edited, edited.producer(others[0])) if others else None
        # each factor once: another half, or the square of x, makes it another function
        if scalar is not None and not seen_half and math.isclose(scalar[1], 0.5):
            seen_half = True
        elif kind_of(following) == "Mul" and others == [x] and not seen_x:
            seen_x = True
        elif kind_of(following) == "Mul" and half == (x, 0.5) and not (seen_x or seen_half):
            seen_x = seen_half = True
        else:
            return None
        node = following
    return node
