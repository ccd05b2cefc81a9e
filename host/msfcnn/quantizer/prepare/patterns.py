"""Activations that exporters take apart, put together again: hard-sigmoid, hard-swish, GELU."""

from __future__ import annotations

import math

import onnx
from onnx import helper

from msfcnn.quantizer.graph import EditedGraph, kind_of

HARD_SWISH_OPSET = 14
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
    constant = edited.constant(node, index)
    return float(constant.ravel()[0]) if constant is not None and constant.size == 1 else None


def _operands(edited: EditedGraph, node: onnx.NodeProto) -> tuple[str, float] | None:
    """The activation and the scalar of a commutative node."""
    for index in (0, 1):
        value = _scalar(edited, node, index)
        if value is not None:
            return node.input[1 - index], value
    return None


def _hard_sigmoid(edited: EditedGraph, node: onnx.NodeProto) -> None:
    """Clip(x + 3, 0, 6) / 6."""
    factor = _scalar(edited, node, 1)
    if factor is None:
        return
    factor = 1 / factor if kind_of(node) == "Div" and factor else factor
    clip = edited.producer(node.input[0])
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
        if not math.isclose(values.get("alpha", 0.2), 1 / 6, rel_tol=1e-5):
            continue
        new = helper.make_node("HardSwish", [gate.input[0]], [node.output[0]], node.name)
        edited.insert_before(node, new)
        edited.remove(node)
        return


def _gelu(edited: EditedGraph, erf: onnx.NodeProto) -> None:
    """x * (1 + Erf(x / sqrt(2))) / 2 in any order of its factors."""
    if edited.opset < GELU_OPSET:
        return
    scaled = edited.producer(erf.input[0])
    given = _operands(edited, scaled) if scaled is not None else None
    if scaled is None or given is None or kind_of(scaled) not in ("Div", "Mul"):
        return
    factor = 1 / given[1] if kind_of(scaled) == "Div" else given[1]
    add = edited.lone_reader(erf.output[0])
    added = _operands(edited, add) if add is not None and kind_of(add) == "Add" else None
    if not math.isclose(factor, math.sqrt(0.5), rel_tol=1e-5) or added is None or added[1] != 1:
        return
    end = _end_of_gelu(edited, add, given[0])
    if end is not None:
        new = helper.make_node("Gelu", [given[0]], [end.output[0]], end.name)
        edited.insert_before(end, new)
        edited.remove(end)


def _end_of_gelu(edited: EditedGraph, add: onnx.NodeProto | None, x: str) -> onnx.NodeProto | None:
    """The last of the two products: with x and with one half."""
    node, seen_x, seen_half = add, False, False
    while node is not None and not (seen_x and seen_half):
        following = edited.lone_reader(node.output[0])
        if following is None or kind_of(following) not in ("Mul", "Div"):
            return None
        scalar = _operands(edited, following)
        if scalar is not None:
            value = 1 / scalar[1] if kind_of(following) == "Div" else scalar[1]
            seen_half = math.isclose(value, 0.5)
            if not seen_half:
                return None
        elif x in following.input:
            seen_x = True
        else:
            other = next(n for n in following.input if n != node.output[0])
            half = edited.producer(other)
            scaled = (
                _operands(edited, half) if half is not None and kind_of(half) == "Mul" else None
            )
            if scaled is None or scaled[0] != x or not math.isclose(scaled[1], 0.5):
                return None
            seen_x = seen_half = True
        node = following
    return node
