"""Einsum, CumSum and A * x as what msfcnn has: transpositions, x * A, products, convolutions.

An Einsum of one activation and at most one constant is always one of these. Of two activations it
is attention, and stays for `refused` to name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of
from msfcnn.quantizer.shapes import shapes_of

MOST_SUMMED = 256  # positions of a CumSum: its triangle has the square of them as weights

Labels = str  # one letter an axis
Reals = NDArray[np.float32]


def spell_out_products(edited: EditedGraph) -> None:
    """Replaces such nodes in place, where shapes are known."""
    if not {kind_of(node) for node in edited.nodes} & {"CumSum", "Einsum", "MatMul"}:
        return
    shapes = shapes_of(edited.model)
    for node in edited.nodes:
        if kind_of(node) == "CumSum" and node.input[0] in shapes:
            _accumulate(edited, node, len(shapes[node.input[0]]), shapes[node.input[0]])
        elif kind_of(node) == "Einsum":
            _spell_einsum(edited, node, shapes)
        elif kind_of(node) == "MatMul":
            _exchange_sides(edited, node, shapes)
    edited.drop_unused()


def _exchange_sides(
    edited: EditedGraph, node: NodeProto, shapes: dict[str, tuple[int, ...]]
) -> None:
    """A * x, of a matrix A for all x, as the transposed of x' * A'."""
    matrix, shape = edited.constant(node, 0), shapes.get(node.input[1])
    if shape is None or edited.is_constant(node.input[1]) or len(shape) < 2:
        return
    if matrix is None:
        _weigh(edited, node, shapes.get(node.input[0], ()), shape)
        return
    if matrix.ndim < 2 or matrix.ndim > len(shape) or math.prod(matrix.shape[:-2]) != 1:
        return
    steps, weights = _Chain(edited, node), matrix.reshape(matrix.shape[-2:]).T
    labels = "abcdefghijklmnopqrstuvwxyz"[: len(shape)]
    turned = labels[:-2] + labels[:-3:-1]
    value = steps.transposed(node.input[1], labels, turned)
    value = steps.add("MatMul", [value, steps.constant(weights)])
    steps.finish(steps.transposed(value, turned, labels))


def _weigh(edited: EditedGraph, node: NodeProto, left: Sequence[int], right: Sequence[int]) -> None:
    """Two activations, one of them a vector: a sum of weighted rows or columns.

    What pools by attention does: global context blocks, weights over time.
    """
    if len(left) < 2 or 1 not in (left[-2], right[-1]):
        return
    column = right[-1] == 1
    sides = [(node.input[0], left), (node.input[1], right)]
    (large, shape), (vector, other) = sides if column else sides[::-1]
    if math.prod(shape[:-2]) != 1 or math.prod(other[:-2]) != 1:
        return
    steps, (rows, columns) = _Chain(edited, node), shape[-2:]
    large = steps.shaped(large, [1, rows, columns], len(shape) == 3)
    factors = [1, 1, columns] if column else [1, rows, 1]
    weighted = steps.add("Mul", [large, steps.shaped(vector, factors, list(other) == factors)])
    total = steps.sum_over(weighted, [2 if column else 1])
    ahead = [1] * (max(len(left), len(right)) - 2)
    steps.finish(steps.shaped(total, [*ahead, left[-2], right[-1]], already=False))


def _accumulate(edited: EditedGraph, node: NodeProto, rank: int, shape: Sequence[int]) -> None:
    """Sums up to each position: a product with a triangle of ones."""
    given = edited.constant(node, 1)
    if given is None:
        return
    axis = int(given.ravel()[0]) % rank
    size = shape[axis]
    if size > MOST_SUMMED:
        return
    exclusive, reverse = (int(attribute(node, k, 0)) for k in ("exclusive", "reverse"))
    ones = np.triu(np.ones((size, size), np.float32), exclusive)  # from row i to all that follow
    steps = _Chain(edited, node)
    labels = "abcdefghijklmnopqrstuvwxyz"[:rank]
    last = labels.replace(labels[axis], "") + labels[axis]
    value = steps.transposed(node.input[0], labels, last)
    value = steps.add("MatMul", [value, steps.constant(ones.T if reverse else ones)])
    steps.finish(steps.transposed(value, last, labels))


def _spell_einsum(edited: EditedGraph, node: NodeProto, shapes: dict[str, tuple[int, ...]]) -> None:
    """An Einsum of one activation, and of a constant or none."""
    terms, _, result = attribute(node, "equation").decode().replace(" ", "").partition("->")
    inputs = terms.split(",")
    changing = [i for i, name in enumerate(node.input) if not edited.is_constant(name)]
    if len(inputs) > 2 or "." in terms or not result:
        return
    if len(changing) == 2:
        _weigh_labels(edited, node, inputs, result)
        return
    if len(changing) != 1:
        return
    index = changing[0]
    source, labels = node.input[index], inputs[index]
    shape = shapes.get(source)
    if shape is None or len(shape) != len(labels) or len(set(labels)) != len(labels):
        return
    constant, names = np.ones((), np.float32), ""
    if len(inputs) == 2:
        stored, names = edited.constant(node, 1 - index), inputs[1 - index]
        if stored is None or len(set(names)) != len(names):
            return
        alone = tuple(i for i, n in enumerate(names) if n not in labels + result)
        constant = stored.sum(axis=alone).astype(np.float32)
        names = "".join(n for i, n in enumerate(names) if i not in alone)
    sizes = dict(zip(labels, shape, strict=True)) | dict(zip(names, constant.shape, strict=True))
    _multiply(_Chain(edited, node), source, labels, (constant, names), result, sizes)


def _weigh_labels(
    edited: EditedGraph, node: NodeProto, inputs: Sequence[Labels], result: Labels
) -> None:
    """Of two activations, one of which has no axis of its own: weights of the other."""
    (large, wide), (small, narrow) = sorted(
        zip(node.input, inputs, strict=True), key=lambda side: -len(side[1])
    )
    if not set(narrow) <= set(wide) or any(len(set(n)) != len(n) for n in inputs):
        return
    if not set(result) <= set(wide):
        return
    steps = _Chain(edited, node)
    value = steps.transposed(small, narrow, "".join(n for n in wide if n in narrow))
    missing = [i for i, n in enumerate(wide) if n not in narrow]
    if missing:
        value = steps.add("Unsqueeze", [value, steps.constant(np.array(missing))])
    value = steps.add("Mul", [large, value])
    lost = [i for i, n in enumerate(wide) if n not in result]
    if lost:
        value = steps.sum_over(value, lost)
    steps.finish(steps.transposed(value, "".join(n for n in wide if n in result), result))


def _multiply(
    steps: _Chain,
    source: str,
    labels: Labels,
    factor: tuple[Reals, Labels],
    result: Labels,
    sizes: dict[str, int],
) -> None:
    """sum over what is not in the result of source[labels] * constant[names]."""
    constant, names = factor
    lost = [n for n in labels if n not in names + result]
    if lost:
        source = steps.sum_over(source, [labels.index(n) for n in lost])
        labels = "".join(n for n in labels if n not in lost)
    shared = [n for n in labels if n in names]
    summed = "".join(n for n in shared if n not in result)
    kept = "".join(n for n in shared if n in result)
    new = "".join(n for n in names if n not in labels)
    free = "".join(n for n in labels if n not in names)
    if not names:
        steps.finish(steps.transposed(source, labels, result))
        return
    if not summed and not new:
        order = "".join(n for n in labels if n in names)
        wide = [sizes[n] if n in names else 1 for n in labels]
        values = constant.transpose([names.index(n) for n in order]).reshape(wide)
        value = steps.add("Mul", [source, steps.constant(values)])
        steps.finish(steps.transposed(value, labels, result))
        return
    table = constant.transpose([names.index(n) for n in kept + new + summed])
    counts = [math.prod(sizes[n] for n in part) for part in (kept, new, summed, free)]
    groups, outputs, taps, pixels = counts
    if not kept:
        value = steps.transposed(source, labels, free + summed)
        rows = [sizes[n] for n in free] or [1]
        value = steps.shaped(value, [*rows, taps], len(free) > 0 and len(summed) == 1)
        weights = table.reshape(outputs, taps).T
        value = steps.add("MatMul", [value, steps.constant(weights)])
        value = steps.shaped(value, [sizes[n] for n in free + new], bool(free) and len(new) == 1)
    else:
        value = steps.transposed(source, labels, kept + summed + free)
        value = steps.shaped(value, [1, groups * taps, pixels], False)
        weights = steps.constant(table.reshape(groups * outputs, taps, 1))
        value = steps.add("Conv", [value, weights], group=groups)
        value = steps.shaped(value, [sizes[n] for n in kept + new + free], False)
    before = free + new if not kept else kept + new + free
    steps.finish(steps.transposed(value, before, result))


class _Chain:
    """New nodes, one behind the other, in front of the one that they replace."""

    def __init__(self, edited: EditedGraph, node: NodeProto) -> None:
        self._edited = edited
        self._node = node

    def add(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        """A node; returns what it writes, called after the node that is replaced."""
        value = self._edited.new_name(f"{self._node.output[0]}_{kind.lower()}")
        made = helper.make_node(kind, list(inputs), [value], value, **attributes)
        self._edited.insert_before(self._node, made)
        return value

    def constant(self, values: NDArray[np.generic]) -> str:
        """A new constant."""
        return self._edited.add_constant(f"{self._node.output[0]}_factor", values)

    def transposed(self, value: str, labels: Labels, wanted: Labels) -> str:
        """A value with its axes in another order."""
        if labels == wanted:
            return value
        return self.add("Transpose", [value], perm=[labels.index(n) for n in wanted])

    def shaped(self, value: str, shape: Sequence[int], already: bool) -> str:
        """A value in a shape, unless it has that already."""
        return value if already else self.add("Reshape", [value, self.constant(np.array(shape))])

    def sum_over(self, value: str, axes: Sequence[int]) -> str:
        """The sum over axes, which go."""
        return self.add("ReduceSum", [value, self.constant(np.array(axes))], keepdims=0)

    def finish(self, value: str) -> None:
        """The value in the place of the node's."""
        last = helper.make_node("Identity", [value], [self._node.output[0]], self._node.name)
        self._edited.insert_before(self._node, last)
        self._edited.remove(self._node)
