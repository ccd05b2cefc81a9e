"""Which values are quantized, which of them share one scale, and the range of each.

Sharing is what keeps movements exact: an op that only selects or copies bytes must not requantize
them. `kinds` says which operators do, `methods` turns values into a range, `placement` is next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from msfcnn.quantizer.graph import EditedGraph, kind_of
from msfcnn.quantizer.kinds import (
    CLAMPS,
    FIXED,
    FUNCTIONS,
    JOINING,
    KEEPING,
    VIEWS,
    WEIGHTED,
    WITH_NUMBER,
)
from msfcnn.quantizer.methods import RealRange
from msfcnn.quantizer.statistics import Statistics

TINY = 1e-6  # a range this much smaller than its neighbours' was not exercised


@dataclass(frozen=True)
class Ranges:
    """The range of each value that gets a QuantizeLinear, by name.

    degenerate: values that the images never exercise, with what they got instead.
    """

    of: Mapping[str, RealRange]
    degenerate: Mapping[str, str]


def choose_ranges(
    edited: EditedGraph,
    statistics: Mapping[str, Statistics],
    method: Callable[[Statistics], RealRange],
    reach: tuple[float, float] | None = None,
) -> Ranges:
    """A range for every value to be quantized.

    edited: prepared and not changed here. statistics: of its values; constants have none.
    reach: all that the network's only input can be; by default what the images are.
    """
    named = quantized_values(edited, statistics)
    groups = _Groups(edited, named)
    degenerate: dict[str, str] = {}
    own: dict[str, RealRange] = {}
    for name in named:
        own[name], complaint = _own_range(edited, name, statistics, method)
        if complaint:
            degenerate[name] = complaint
    border = edited.graph.input[0].name
    if reach is not None and border in own and len(edited.graph.input) == 1:
        own[border] = RealRange(min(reach[0], 0.0), max(reach[1], 0.0))
        degenerate.pop(border, None)
    return Ranges(groups.shared(own), degenerate)


def quantized_values(edited: EditedGraph, statistics: Mapping[str, Statistics]) -> list[str]:
    """Names of the values that get a QuantizeLinear, in the order of the graph."""
    found = [border.name for border in edited.graph.input if edited.readers(border.name)]
    for node in edited.nodes:
        if kind_of(node) in VIEWS:
            continue
        found += [
            o
            for o in node.output
            if o in statistics
            and (edited.readers(o) or o in edited.outputs)  # a pool may be there for its indices
            and not _absorbed(edited, o, node)
        ]
    return found


def _absorbed(edited: EditedGraph, name: str, producer: onnx.NodeProto) -> bool:
    """Whether the next node is computed together with the one that writes this value.

    Then it never exists as int8: a function behind a function is one table, a clamp is part of
    what it bounds, a constant behind a MatMul is its bias. Views between them make no difference.
    """
    kind = kind_of(producer)
    direct = edited.lone_reader(name)
    if direct is not None and _is_function(edited, producer) and _is_function(edited, direct):
        return True
    if kind in KEEPING or kind in FIXED:
        return False
    reader = edited.lone_reader(name)
    while reader is not None and kind_of(reader) in VIEWS:
        reader = edited.lone_reader(reader.output[0])
    if reader is None:
        return False
    if kind_of(reader) in CLAMPS:
        return True
    constants = [edited.constant(reader, i) for i in (0, 1)]
    # numbers of other axes are no bias: embeddings of positions
    bias = any(c is not None and c.size in (1, *c.shape[-1:]) for c in constants)
    return bias and kind_of(reader) == "Add" and kind == "MatMul"


def _is_function(edited: EditedGraph, node: onnx.NodeProto) -> bool:
    """Whether a node computes a function of one value.

    A clamp is one, too, but behind a layer that takes it.
    """
    if kind_of(node) in FUNCTIONS:
        return True
    if kind_of(node) in CLAMPS:
        before = edited.producer(node.input[0])
        return before is None or (
            edited.lone_reader(node.input[0]) is not None and _is_function(edited, before)
        )
    constants = [c for c in (edited.constant(node, i) for i in (0, 1)) if c is not None]
    one = kind_of(node) in WITH_NUMBER and len(constants) == 1 and constants[0].size == 1
    return one and not _is_bias(edited, node)


def _is_bias(edited: EditedGraph, node: onnx.NodeProto) -> bool:
    """Whether a node adds the bias of a MatMul, which may be of one output only."""
    if kind_of(node) != "Add":
        return False
    name = node.input[1 if edited.is_constant(node.input[0]) else 0]
    before = edited.producer(name)
    while before is not None and edited.lone_reader(name) is not None:
        if kind_of(before) == "MatMul":
            return True
        if kind_of(before) not in VIEWS:
            return False
        name = before.input[0]
        before = edited.producer(name)
    return False


def _own_range(
    edited: EditedGraph,
    name: str,
    statistics: Mapping[str, Statistics],
    method: Callable[[Statistics], RealRange],
) -> tuple[RealRange, str]:
    """The range of a value by itself, and a complaint if the images do not exercise it.

    A value that is always 0 on these images, say behind a Relu, would get a scale near 0, and any
    other image would saturate it: it gets the reach of what its node reads instead.
    """
    producer = edited.producer(name)
    kind = kind_of(producer) if producer is not None else ""
    if kind in FIXED:
        return _of_function(edited, name, FIXED[kind], statistics[name]), ""
    values = statistics[name]
    found = method(values)
    expected = _expected_magnitude(edited, producer, statistics)
    if found.width > TINY * expected:
        return found, ""
    if values.magnitude > 0 and not expected:
        return RealRange(min(values.low, 0.0), max(values.high, 0.0)), ""
    reach = expected or 1.0
    repaired = RealRange(0.0 if kind == "Relu" else -reach, reach)
    return repaired, f"is always {values.high:.3g} on these images; given the range to {reach:.3g}"


def _of_function(edited: EditedGraph, name: str, whole: RealRange, values: Statistics) -> RealRange:
    """All that a function can give; of a softmax over many positions a part, a power of two.

    What weighs hundreds of positions is below 1/100, two or three steps of 1/256. Twice of what
    was seen is left room for. The scores of a network keep the scale that firmware expects.
    """
    producer = edited.producer(name)
    if producer is None or kind_of(producer) != "Softmax" or values.high <= 0:
        return whole
    reading = [name]
    for value in reading:
        if value in edited.outputs:
            return whole
        reading += [r.output[0] for r in edited.readers(value) if kind_of(r) in VIEWS]
    part = 2.0 ** np.ceil(np.log2(2 * values.high))
    return RealRange(0.0, whole.high * float(min(part, 1.0)))


def _expected_magnitude(
    edited: EditedGraph, producer: onnx.NodeProto | None, statistics: Mapping[str, Statistics]
) -> float:
    """How large a node's result is bound to be, roughly: its largest input, times its weights."""
    if producer is None:
        return 0.0
    found = max((statistics[i].magnitude for i in producer.input if i in statistics), default=0.0)
    if kind_of(producer) not in (*WEIGHTED, "Mul", "Div"):
        return found
    for index in (0, 1):
        constant = edited.constant(producer, index)
        largest = float(np.abs(constant).max()) if constant is not None and constant.size else 0.0
        if largest > 0 and np.isfinite(largest):
            return found / largest if kind_of(producer) == "Div" else found * largest
    return found


class _Groups:
    """Values that share one quantization: a union-find over names, joined in graph order.

    A fixed group has a range that nobody may widen: that of an input, whose scale the caller
    applies, or of a function in FIXED. Others that join it take its range.
    """

    def __init__(self, edited: EditedGraph, named: list[str]) -> None:
        self._parent = {name: name for name in named}
        self._fixed: dict[str, bool] = dict.fromkeys(named, False)
        self._edited = edited
        for border in edited.graph.input:
            if border.name in self._fixed:
                self._fixed[border.name] = True  # the scale of the pixels is the caller's
        for node in edited.nodes:
            self._visit(node)

    def shared(self, own: Mapping[str, RealRange]) -> dict[str, RealRange]:
        """The range of every value: that of its whole group, or of its fixed source.

        own: the range of each value by itself; the union of those of a group covers them all.
        """
        united: dict[str, RealRange] = {}
        for name, given in own.items():
            root = self._root(name)
            if self._fixed[root]:
                united.setdefault(root, own[root])
            else:
                united[root] = united[root].union(given) if root in united else given
        return {name: united[self._root(name)] for name in own}

    def _visit(self, node: onnx.NodeProto) -> None:
        """Joins the output of a node that only moves or selects values with its input: one
        scale.
        """
        kind = kind_of(node)
        outputs = [o for o in node.output if o in self._parent]
        if kind in FIXED:
            self._fixed.update(dict.fromkeys(outputs, True))
        elif kind in KEEPING:
            source = self._source(node.input[0])
            for output in outputs if source else ():
                self._join(source, output)
        elif kind in JOINING and outputs:
            read = [i for i in node.input if not self._edited.is_constant(i)]
            sources = [self._source(i) for i in read]
            roots = {self._root(s) for s in sources if s}
            if len(roots) == 1 and all(sources):
                self._join(next(iter(roots)), outputs[0])
                return
            for root in roots:
                if not self._fixed[root]:
                    self._join(outputs[0], root)

    def _source(self, name: str) -> str:
        """The quantized value behind views; empty if there is none."""
        while name and name not in self._parent:
            producer = self._edited.producer(name)
            if producer is None or kind_of(producer) not in VIEWS:
                return ""
            name = producer.input[0]
        return name

    def _root(self, name: str) -> str:
        while self._parent[name] != name:
            name = self._parent[name]
        return name

    def _join(self, first: str, second: str) -> None:
        """The second group joins the first; a fixed one stays the root."""
        one, other = self._root(first), self._root(second)
        if one == other:
            return
        if self._fixed[other]:
            one, other = other, one
        self._parent[other] = one
