"""Normalization that exporters write as single operators, told as the one layer that it is.

Before opset 17 there is no LayerNormalization, and people write RMS and L2 normalization by hand:
means, squares and roots, and a division at the end, which is all that the importer would name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import onnx

from msfcnn.errors import Problem
from msfcnn.quantizer.graph import EditedGraph, kind_of, label

MEANS = frozenset({"ReduceMean", "GlobalAveragePool", "AveragePool"})
LENGTHS = frozenset({"ReduceL1", "ReduceL2", "ReduceSum", "ReduceSumSquare"})
REDUCTIONS = MEANS | LENGTHS | {"ReduceMax", "GlobalMaxPool"}
# between a normalization's input and its statistics, and between these and the division
ARITHMETIC = frozenset(
    "Abs Add Clip Div Expand Identity Max Mul Pow".split()
    + "Reciprocal Relu Reshape Sqrt Squeeze Sub Unsqueeze".split()
)
MOST_NODES = 24  # of one normalization

_STATISTICS = "its statistics depend on each image; train with BatchNormalization instead"
_LENGTH = "leave it out inside of the network; at the end `quantize` cuts it off"


def name_normalizations(model: onnx.ModelProto, problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """The problems with one for each normalization in place of those of its operators.

    model: prepared, so that nodes have names. What belongs to no normalization stays as it is.
    """
    told = list(problems)
    edited = EditedGraph(model)
    for node in edited.nodes:
        found = _normalization(edited, node)
        if found is None:
            continue
        problem, members = found
        places = [i for i, p in enumerate(told) if p.where in members]
        if places:
            first = told[places[0]]
            reason = f"{problem.what}; {first.where} {first.what}"
            problem = replace(problem, what=reason)
            told[places[0]] = problem
            told = [p for p in told if p is problem or p.where not in members]
    return tuple(told)


def _normalization(edited: EditedGraph, node: onnx.NodeProto) -> tuple[Problem, set[str]] | None:
    """What a division by statistics of its own numerator is, with the names of all its nodes."""
    sides = _quotient(edited, node)
    if sides is None:
        return None
    value, divisor = sides
    above = edited.producer(value)
    centered = above is not None and kind_of(above) == "Sub"
    source = above.input[0] if above is not None and centered else value
    if above is not None and centered:
        means = _between(edited, above.input[1], source)
        centered = any(kind_of(n) in MEANS for n in means)
        source = source if centered else value
    inner = _between(edited, divisor, source)
    reduced = {kind_of(n) for n in inner} & REDUCTIONS
    if not reduced:
        return None
    members = {label(n) for n in (node, *inner)}
    if centered and above is not None:
        members.add(label(above))
        what, hint = "layer, instance or group normalization", _STATISTICS
    elif reduced & LENGTHS:
        what, hint = "normalization to a length of one", _LENGTH
    else:
        what, hint = "normalization by a root mean square or the like", _STATISTICS
    told = f"is the end of a {what}, written in {len(members)} operators"
    return Problem(label(node), told, hint, kind_of(node)), members


def _quotient(edited: EditedGraph, node: onnx.NodeProto) -> tuple[str, str] | None:
    """What is divided by what: by Div, or by Mul with a reciprocal. None for other nodes."""
    kind = kind_of(node)
    if kind == "Div":
        return node.input[0], node.input[1]
    if kind != "Mul":
        return None
    for value, factor in (tuple(node.input), tuple(node.input)[::-1]):
        below = edited.producer(factor)
        if below is None:
            continue
        over = kind_of(below) == "Div" and edited.is_constant(below.input[0])
        power = edited.constant(below, 1) if kind_of(below) == "Pow" else None
        if kind_of(below) == "Reciprocal" or over or (power is not None and (power < 0).all()):
            return value, factor
    return None


def _between(edited: EditedGraph, end: str, source: str) -> list[onnx.NodeProto]:
    """The nodes that compute a value from a source by arithmetic and reductions alone.

    Empty if anything else is on the way, or so many nodes that it is something larger.
    """
    found: list[onnx.NodeProto] = []
    waiting, met = [end], False
    while waiting:
        name = waiting.pop()
        if name == source:
            met = True
            continue
        node = edited.producer(name)
        if edited.is_constant(name) or not name or (node is not None and node in found):
            continue
        if node is None or kind_of(node) not in ARITHMETIC | REDUCTIONS or len(found) > MOST_NODES:
            return []
        found.append(node)
        waiting += node.input
    return found if met else []
