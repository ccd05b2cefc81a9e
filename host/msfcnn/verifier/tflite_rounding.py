"""How far the roundings of TFLite's own kernels may take it from an op of ours, in LSB."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Protocol

from msfcnn.ir import Model, Op
from msfcnn.report import TOLERANCE

MOST = 8  # operators that one table stands for, at most
FULL_SCALE = 255  # LSB between the smallest and the largest value
POSITION_BITS = 10  # of a position in RESIZE_BILINEAR


class OnnxNode(Protocol):
    """What is asked of an ONNX node."""

    op_type: str

    @property
    def input(self) -> Sequence[str]:
        """Names of the values read."""

    @property
    def output(self) -> Sequence[str]:
        """Names of the values written."""


def allowed(model: Model, nodes: Iterable[OnnxNode]) -> Mapping[int, int]:
    """By tensor what the op that writes it may differ by, where that is more than TOLERANCE.

    nodes: of the network as it was translated, where every operator of the file has its rounding.
    A table stands for several functions in a row: TFLite rounds behind each.
    """
    writers = {output: node for node in nodes for output in node.output}
    found = {}
    for op in model.ops:
        most = TOLERANCE + _drift(model, op)
        if type(op).__name__ == "Lookup":
            sources = {model.tensors[t].name for t in op.inputs}
            name = model.tensors[op.output].name
            most = max(most, _roundings(writers, name, sources, MOST) or 0)
        if most > TOLERANCE:
            found[op.output] = most
    return found


def _roundings(
    writers: Mapping[str, OnnxNode], name: str, sources: Set[str], most: int
) -> int | None:
    """How often a value is quantized on the way from the sources; None if none of them is found
    within `most`, or a way that leads to another activation.
    """
    if name in sources:
        return 0
    node = writers.get(name)
    if node is None:
        return None
    rounds = node.op_type == "QuantizeLinear"
    if rounds and most == 0:
        return None
    below = [_roundings(writers, given, sources, most - rounds) for given in node.input if given]
    found = [steps for steps in below if steps is not None]
    return max(found) + rounds if found else None


def _drift(model: Model, op: Op) -> int:
    """RESIZE_BILINEAR steps through its input by whole parts of 2^-10 of a pixel: the error of a
    step grows along the map.
    """
    if type(op).__name__ != "Bilinear":
        return 0
    source, target = model.tensors[op.inputs[0]].shape, model.tensors[op.output].shape
    pixels = sum(
        max(_error(small, large), _error(small - 1, large - 1)) * (large - 1)
        for small, large in zip(source[:2], target[:2], strict=True)
    )
    return math.ceil(pixels * FULL_SCALE)


def _error(inputs: int, outputs: int) -> float:
    """Of the step from one output to the next, in pixels."""
    if min(inputs, outputs) < 1:
        return 0.0
    exact = (inputs << POSITION_BITS) / outputs
    return abs(exact - math.floor(exact + 0.5)) / (1 << POSITION_BITS)
