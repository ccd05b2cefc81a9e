"""An activation as a function of one value of a tensor; new ops of such functions.

This is what makes one table of a chain of functions: an importer asks for the curve of its operand,
which reaches back to the first tensor that is no function of another, and drafts a Lookup on that
tensor. Tables in between that nobody else reads are dropped with other dead ops (tidy).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from msfcnn.ir import Op, Quantization, Values, clamped
from msfcnn.nodes import UNSET, Builder, Constant, Draft, Known, Node, Unsupported, View
from msfcnn.ops.lookup.functions import Reals
from msfcnn.ops.lookup.op import Lookup, real_values, stored_values

LARGEST = 1e30  # for what is infinite: beyond all that is stored, whatever the scale


@dataclass(frozen=True, eq=False)
class Curve:
    """A value as a function of the stored values of one tensor.

    values: float64 [256], real results for the stored values -128 .. 127.
    """

    tensor: int
    view: View
    values: Reals


def curve_of(builder: Builder, node: Node, index: int) -> Curve:
    """An input of a node as a function of the tensor it comes from, through other functions.

    Where nothing quantizes between two functions (a Draft) real numbers are handed on, so that only
    the last one is rounded; a Relu or Clip on the way is applied to them. An input that is no
    function at all is the identity on its own tensor. Raises Unsupported as `Builder.activation`.
    """
    value = builder.value(node, index)
    if isinstance(value, Draft) and isinstance(value.op, Lookup):
        reals = np.clip(value.op.values, value.bounds.low, value.bounds.high)
        return Curve(value.op.input, value.view, reals)
    if isinstance(value, Draft) and value.op.rescales:  # a clamp with nothing to take it
        curve = _behind(builder, Known(value.op.inputs[0], value.view, real=True))
        bounded = np.clip(curve.values, value.bounds.low, value.bounds.high)
        return replace(curve, values=bounded)
    known = builder.activation(node, index)
    return _behind(builder, known)


def _behind(builder: Builder, known: Known) -> Curve:
    """Back through ops that are functions of one value, to the first tensor that is none."""
    reals = real_values(builder.tensors[known.tensor].quantization)
    writers = {op.output: op for op in builder.ops}
    tensor = known.tensor
    while (op := writers.get(tensor)) is not None and (table := _table(builder, op)) is not None:
        reals = reals[table.astype(np.int64) + 128]
        tensor = op.inputs[0]
    return Curve(tensor, known.view, reals)


def _table(builder: Builder, op: Op) -> Values | None:
    """What an op makes of the stored values -128 .. 127; None if it is no function of one value.

    A change of scale or a clamp alone is one, too: rounded as QuantizeLinear does, ties to even.
    """
    model = builder.so_far()
    if isinstance(op, Lookup):
        return op.constants(model)
    source, target = (model.tensors[t] for t in (op.inputs[0], op.output))
    if op.rescales and source.shape == target.shape:
        reals = real_values(source.quantization)
        return clamped(stored_values(reals, target.quantization), op.clamping)
    return None


def draft_of(node: Node, curve: Curve, function: str, values: Reals) -> Draft:
    """A function of a curve as an op whose quantization is not known yet.

    function: its name, for reports. values: float64 [256], the results for the stored values of the
    curve's tensor; infinite ones, such as 1 / 0, are as large as what is stored can be, as ONNX
    quantizes them. Raises Unsupported where one is not a number, such as log(-1).
    """
    if np.isnan(values).any():
        what = "has no result for some values of its input"
        raise Unsupported(what, "keep its input away from where the function has no value")
    bounded = np.nan_to_num(values, posinf=LARGEST, neginf=-LARGEST)
    op = Lookup(node=node.name, input=curve.tensor, output=UNSET, function=function, values=bounded)
    return Draft(op=op, node=node, view=curve.view, origin=node.outputs[0])


def of_one_tensor(builder: Builder, node: Node) -> bool:
    """Whether the operands of a node are numbers and functions of a single tensor.

    In the same order of elements: x and a transposed x are two operands, not one.
    """
    indices = range(len(node.inputs))
    given = [i for i in indices if not isinstance(builder.value(node, i), Constant)]
    curves = [curve_of(builder, node, i) for i in given]
    return all(
        c.tensor == curves[0].tensor and c.view.same_elements(curves[0].view) for c in curves
    )


def mirror(quantization: Quantization) -> Quantization:
    """The quantization in which minus a value is stored as -1 - v, for v as it is stored in this.

    That maps -128 .. 127 onto itself, where -v would not.
    """
    return Quantization(quantization.scale, -1 - quantization.zero_point)


def mirrored(builder: Builder, node: Node, draft: Draft, quantization: Quantization) -> Draft:
    """Minus what a draft computes in a quantization; nothing more is rounded for that."""
    label = f"{node.outputs[0]}:mirrored"
    known = builder.finish(replace(draft, origin=label), label, quantization, draft.unsigned)
    found = _negative(builder, node, known)
    return found if draft.inherited else replace(found, inherited=None)


def negated(builder: Builder, node: Node, known: Known) -> Known:
    """Minus a value, exactly; a tensor of its own, in the mirrored quantization."""
    draft = _negative(builder, node, known)
    label = f"{builder.tensors[known.tensor].name}:negated"
    assert draft.inherited is not None
    return replace(
        builder.finish(replace(draft, origin=label), label, draft.inherited, False), real=True
    )


def _negative(builder: Builder, node: Node, known: Known) -> Draft:
    given = builder.tensors[known.tensor].quantization
    op = Lookup(
        node=node.name,
        input=known.tensor,
        output=UNSET,
        function="Neg",
        values=-real_values(given),
    )
    exact = mirror(given)
    return Draft(
        op=op, node=node, view=known.view, origin=node.outputs[0], inherited=exact, usual=exact
    )
