"""Add and Sub: of two maps of one shape (a residual), or of a map and constants.

Both inputs are brought to the output's scale in one step: (m0 * q0 + m1 * q1 + offset) >> shift in
int32, see sums.py. In a stage a residual waits in a ring buffer until the branch around it arrives.

A constant is never an op of its own. It goes into the bias of the convolution before it where there
is one; one number for all makes a table (Lookup); one per channel or element a depthwise 1x1
convolution (affine.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from msfcnn.ir import Call, Clamp, CStruct, Mask, Model, Range, Values, owners
from msfcnn.nodes import (
    UNSET,
    Bounds,
    Builder,
    Constant,
    Draft,
    Importer,
    Node,
    Poison,
    Role,
    Source,
    Unsupported,
    Value,
    lone_number,
)
from msfcnn.ops.affine import ONE, affine, normalized
from msfcnn.ops.base import Binary, register
from msfcnn.ops.channels import monotone_range, tie_all
from msfcnn.ops.clip import Requantize
from msfcnn.ops.conv import Conv, per_output, with_summands
from msfcnn.ops.lookup import curve_of, draft_of
from msfcnn.ops.select import both
from msfcnn.ops.sketch import Sketch
from msfcnn.ops.sums import SumConstants, sum_constants, sum_struct, ties_to_even, weighted_sum


@register
@dataclass(frozen=True)
class Add(Binary):
    """Element-wise sum of two tensors of one shape (a residual); the two may be the same.

    The ONNX operator broadcasts; here the importer has repeated the smaller operand already.
    """

    clamp: Clamp = Clamp()

    def constants(self, model: Model) -> SumConstants:
        """Two factors, offset and shift, see SumConstants."""
        sources = [model.tensors[t].quantization for t in self.inputs]
        target = model.tensors[self.output].quantization
        return ties_to_even(sum_constants(self.node, sources, target, self.clamp), target)

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """See Op."""
        return weighted_sum(self.constants(model), inputs)

    def value_range(self, model: Model, inputs: Sequence[Range]) -> Range:
        """It rises with both inputs."""
        return monotone_range(model, self, inputs)

    def need(self, model: Model, found: Sequence[Range], kept: Sequence[Mask]) -> None:
        """A channel of the sum needs its own of both inputs."""
        tie_all(self, kept)

    def calls(self, model: Model) -> tuple[Call, ...]:
        """The sum of a tensor with itself is that tensor with another factor.

        Views (Reshape) of one tensor count as that tensor: `owners` looks through them.
        """
        owner = owners(model)
        alone = owner[self.left] == owner[self.right]
        return (
            Call(
                family="rescale" if alone else "add",
                inputs=(self.left,) if alone else self.inputs,
                source=model.tensors[self.left].shape,
                target=model.tensors[self.output].shape,
                channelwise=alone,
                in_place=True,
            ),
        )

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """Factors in the order in which the call reads its inputs.

        The planner exchanges them where the right operand is the one that arrives last.
        """
        k = self.constants(model)
        left, right = k.multipliers
        if len(call.inputs) == 1:
            return sum_struct(k, (left + right,))
        return sum_struct(k, (left, right) if call.inputs == self.inputs else (right, left))

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """The sum of the newest tensor and another of its shape."""
        Requantize.sample(sketch)
        sketch.add(lambda node, x, y: cls(node, sketch.twin(x), x, y), sketch.newest.shape)


@register
@dataclass(frozen=True)
class Sub(Add):
    """Element-wise difference of two tensors of one shape.

    An Add whose second factor is negative; it has no kernel of its own.
    """

    def constants(self, model: Model) -> SumConstants:
        """See Op."""
        sources = [model.tensors[t].quantization for t in self.inputs]
        target = model.tensors[self.output].quantization
        k = sum_constants(self.node, sources, target, self.clamp, signs=(1, -1))
        return ties_to_even(k, target)

    def value_range(self, model: Model, inputs: Sequence[Range]) -> Range:
        """It falls when its right side rises."""
        left, right = inputs
        return monotone_range(model, self, (left, Range(right.high, right.low)))


def add(builder: Builder, node: Node) -> Value:
    """Add: a residual, or a constant, which goes into the bias of the layer before."""
    return _sum(builder, node, 1)


def sub(builder: Builder, node: Node) -> Value:
    """Sub: as Add of a negative."""
    return _sum(builder, node, -1)


def _sum(builder: Builder, node: Node, sign: int) -> Value:
    """left + sign * right, by the cheapest of the ways below; sign is 1 or -1.

    Raises Unsupported for two constants and for shapes that do not broadcast.
    """
    sides = [builder.value(node, 0), builder.value(node, 1)]
    constants = [i for i, side in enumerate(sides) if isinstance(side, Constant)]
    # two activations: a residual, or one function of a single tensor
    if not constants:
        return _add_activations(builder, node, sign)
    index, activation = constants[0], 1 - constants[0]
    constant, value = sides[index], sides[activation]
    if not isinstance(constant, Constant) or isinstance(value, Constant):
        raise Unsupported("works on two constants", "fold constants before quantizing")
    if isinstance(value, Source):  # the image itself, normalized inside the file
        factor = Constant(np.full(1, -1.0)) if sign < 0 and index == 0 else ONE
        summand = constant.negated() if sign < 0 and index == 1 else constant
        return normalized(builder, node, value, factor, summand)
    # x - c is x + (-c); c - x turns the slope, which a bias cannot
    if sign < 0 and index == 1:
        constant = constant.negated()
    conv = isinstance(value, Draft) and isinstance(value.op, Conv) and value.bounds == Bounds()
    if conv and (sign > 0 or index == 1):
        return _add_to_bias(builder, node, value, constant)
    # the same number everywhere: a function of one value, which fuses with others
    number = lone_number(constant, constant.shape if isinstance(value, Poison) else value.shape)
    if number is not None:
        curve = curve_of(builder, node, activation)
        turned = -curve.values if sign < 0 and index == 0 else curve.values
        return draft_of(node, curve, node.kind, turned + number)
    known = builder.activation(node, activation)
    turned_round = Constant(np.full(1, -1.0)) if sign < 0 and index == 0 else ONE
    return affine(builder, node, known, factor=turned_round, summand=constant)


def _add_activations(builder: Builder, node: Node, sign: int) -> Value:
    """A residual; a function of one tensor where both sides come from the same one."""
    curves = [curve_of(builder, node, i) for i in (0, 1)]
    # the same tensor may be seen in another order: x and its transpose are two operands
    same = curves[0].tensor == curves[1].tensor and curves[0].view.same_elements(curves[1].view)
    # such as x - f(x): a function of x; nothing need be quantized before
    if same and (sign < 0 or node.input(0) != node.input(1)):
        return draft_of(node, curves[0], node.kind, curves[0].values + sign * curves[1].values)
    left, right = both(builder, node)
    right = builder.alike(right, left, node)
    other = builder.with_shape(right.tensor, left.view.hwc, right.view.by or node)
    op = (Add if sign > 0 else Sub)(node.name, left.tensor, other, UNSET)
    return Draft(op=op, node=node, view=left.view, origin=node.outputs[0])


def _add_to_bias(builder: Builder, node: Node, draft: Value, constant: Constant) -> Value:
    """Before it is quantized, what a convolution computes takes a constant exactly enough.

    The draft changes its origin: the ONNX value behind it is that of the Add.
    """
    assert isinstance(draft, Draft)
    op = draft.op
    assert isinstance(op, Conv)
    spread = per_output(draft, op, constant, node)
    op = with_summands(op, builder.tensors[op.input].quantization.scale, spread)
    return replace(draft, op=op, origin=node.outputs[0])


Add.importers = (
    Importer(
        kind="Add",
        convert=add,
        becomes="Add; with a constant: bias of the layer before, Lookup, or a depthwise 1x1 Conv",
        constraints=(
            "two activations, repeated along axes of 1; or an activation and a constant",
            "constants: a number, one per channel, or up to 16384 of any shape",
        ),
        role=Role.ELEMENTWISE,
    ),
)
Sub.importers = (
    Importer(
        kind="Sub",
        convert=sub,
        becomes="as Add of a negative",
        constraints=("two activations, or an activation and a constant",),
        role=Role.ELEMENTWISE,
    ),
)
