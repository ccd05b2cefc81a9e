"""Mul and Div: of two maps, of a map and one value per channel (a gate), or with a constant.

A gate (squeeze and excitation) is a second operand of one pixel, read for every pixel of the first:
the call is a broadcast. Constants are taken into the weights of the convolution before, or become a
table or a depthwise 1x1 convolution, as those of Add. Dividing is multiplying by the inverse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import (
    Call,
    Clamp,
    CStruct,
    Mask,
    Model,
    Order,
    Range,
    Scaling,
    Values,
    requantize,
    scaling_of,
    to_even,
)
from msfcnn.nodes import (
    UNSET,
    Bounds,
    Builder,
    Constant,
    Draft,
    Importer,
    Known,
    Node,
    Poison,
    Role,
    Source,
    Unsupported,
    Value,
    lone_number,
)
from msfcnn.ops.affine import affine, normalized
from msfcnn.ops.base import Binary, register
from msfcnn.ops.channels import tie
from msfcnn.ops.clip import Requantize
from msfcnn.ops.conv import Conv
from msfcnn.ops.lookup import Curve, curve_of, draft_of
from msfcnn.ops.pool import GlobalAveragePool
from msfcnn.ops.select import both
from msfcnn.ops.sketch import Sketch

LARGEST_PRODUCT = 255 * 255  # of two int8 less their zero points
Reals = NDArray[np.float64]
Factor = Callable[[Reals], Reals]


@dataclass(frozen=True, eq=False)
class MulConstants:
    """q = clamp(output_zero + requantize((x - left_zero) * (y - right_zero), scaling))."""

    scaling: Scaling
    left_zero: int
    right_zero: int
    output_zero: int
    clamp: Clamp


@register
@dataclass(frozen=True)
class Mul(Binary):
    """Product of two maps of one shape, or of a map (left) and one pixel for all of its pixels.

    The one pixel has as many channels as the map: a gate, [1, 1, C].
    """

    clamp: Clamp = Clamp()

    def constants(self, model: Model) -> MulConstants:
        """One factor: the product of the input scales by the output scale.

        Raises ModelError where it is beyond what multiplier and shift can hold.
        """
        left, right, output = (
            model.tensors[t].quantization for t in (self.left, self.right, self.output)
        )
        factor = np.array([left.scale * right.scale / output.scale])
        return MulConstants(
            scaling=to_even(scaling_of(self.node, factor), np.array([LARGEST_PRODUCT]), factor),
            left_zero=left.zero_point,
            right_zero=right.zero_point,
            output_zero=output.zero_point,
            clamp=self.clamp,
        )

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """See Op."""
        x, y = (v.astype(np.int64) for v in inputs)
        return products(self.constants(model), x, y)

    def value_range(self, model: Model, inputs: Sequence[Range]) -> Range:
        """A product is largest and smallest in the corners.

        Channel by channel; the bounds of a gate have the same channels as those of the map.
        """
        k, (x, y) = self.constants(model), inputs
        corners = np.stack([products(k, a, b) for a in (x.low, x.high) for b in (y.low, y.high)])
        return Range(corners.min(axis=0).astype(np.int64), corners.max(axis=0).astype(np.int64))

    def need(self, model: Model, found: Sequence[Range], kept: Sequence[Mask]) -> None:
        """A channel of the product needs its own of both inputs."""
        masks = [kept[t] for t in (*self.inputs, self.output)]
        tie(len(masks[-1]), *masks)

    def calls(self, model: Model) -> tuple[Call, ...]:
        """The second operand is broadcast where it is a single pixel."""
        left, right = (model.tensors[t].shape for t in self.inputs)
        return (
            Call(
                family="mul",
                inputs=self.inputs,
                source=left,
                target=model.tensors[self.output].shape,
                in_place=True,
                broadcast=left != right,
            ),
        )

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """Zero points in the order in which the call reads its inputs."""
        k = self.constants(model)
        zeros = (k.left_zero, k.right_zero)
        return CStruct(
            "msfcnn_mul_t",
            {
                "multiplier": int(k.scaling.multiplier[0]),
                "shift": int(k.scaling.shift[0]),
                "zero": zeros if call.inputs == self.inputs else zeros[::-1],
            },
        )

    def output_zero(self, model: Model) -> int:
        """The output's zero point."""
        return model.tensors[self.output].quantization.zero_point

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """The product of two maps, and of a map with its mean."""
        Requantize.sample(sketch)
        sketch.add(lambda node, x, y: cls(node, sketch.twin(x), x, y), sketch.newest.shape)
        shape, map_ = sketch.newest.shape, sketch.top
        GlobalAveragePool.sample(sketch)
        sketch.add(lambda node, x, y: cls(node, map_, x, y), shape)


def products(k: MulConstants, x: NDArray[np.int64], y: NDArray[np.int64]) -> Values:
    """By the formula of MulConstants, with broadcasting."""
    acc = (x - k.left_zero) * (y - k.right_zero)
    return requantize(acc, k.scaling.multiplier, k.scaling.shift, k.output_zero, k.clamp)


def mul(builder: Builder, node: Node) -> Value:
    """Mul of two activations, or of one and a constant."""
    return _by_constant(builder, node, lambda c: c) or _maps(builder, node)


def div(builder: Builder, node: Node) -> Value:
    """Div by a constant, or of a constant by an activation; two functions of one tensor.

    Raises Unsupported for two activations: a quotient is no sum of products, and has no kernel.
    """
    # c / x is a function of one value; x / c is x times a constant
    if isinstance(builder.value(node, 0), Constant):
        number = _scalar(builder, node, 0)
        if number is None:
            raise Unsupported("divides a list of constants", "use one number")
        curve = curve_of(builder, node, 1)
        with np.errstate(all="ignore"):
            return draft_of(node, curve, "Div", number / curve.values)
    found = _by_constant(builder, node, lambda c: 1 / c)
    if found is None and (same := _same_source(builder, node)) is not None:
        curve, above, below = same
        with np.errstate(all="ignore"):
            return draft_of(node, curve, "Div", above / below)
    if found is None:
        hint = "divide by a constant, or multiply; normalize with BatchNormalization only"
        raise Unsupported("divides two activations", hint)
    return found


def _maps(builder: Builder, node: Node) -> Value:
    """Of two activations: one function of a tensor, a product of two maps, or a gate.

    Other shapes are repeated to a common one first (`both`), as NumPy broadcasts them.
    """
    same = _same_source(builder, node)
    # such as x * sigmoid(x), which is SiLU: a table, and no second operand that has to wait
    if same is not None:
        curve, left_values, right_values = same
        return draft_of(node, curve, "Mul", left_values * right_values)
    left, right = (builder.settled(builder.activation(node, i), node) for i in (0, 1))
    if left.shape != right.shape:
        gate = _gate(builder, node, left, right)
        if gate is not None:
            return gate
        left, right = both(builder, node)
    right = builder.alike(right, left, node)
    other = builder.with_shape(right.tensor, left.view.hwc, right.view.by or node)
    return Draft(
        op=Mul(node=node.name, left=left.tensor, right=other, output=UNSET),
        node=node,
        view=left.view,
        origin=node.outputs[0],
    )


def _gate(builder: Builder, node: Node, left: Known, right: Known) -> Value | None:
    """A map times one value per channel, in any order; None if they are something else."""
    if right.view.size > left.view.size:
        left, right = right, left
    if not isinstance(left.view.flat, Order):
        return None  # its channels do not lie in ONNX's order
    channels = left.view.hwc[2]
    axis = {Order.CHW: 1, Order.HWC: len(left.shape) - 1}.get(left.view.flat, 1)
    # NumPy's broadcasting: missing axes in front are 1, and so is every axis but the channels
    wanted = tuple(n if i == axis else 1 for i, n in enumerate(left.shape))
    padded = (1,) * (len(left.shape) - len(right.shape)) + right.shape
    if padded != wanted or right.view.size != channels:
        return None
    line = replace(right, view=right.view.reshaped((1, channels), node))
    vector, _ = builder.as_map(line, 1, node)  # moved where its bytes lie in another order
    return Draft(
        op=Mul(node=node.name, left=left.tensor, right=vector, output=UNSET),
        node=node,
        view=left.view,
        origin=node.outputs[0],
    )


def _same_source(builder: Builder, node: Node) -> tuple[Curve, Reals, Reals] | None:
    """Both operands as functions of one tensor."""
    left, right = curve_of(builder, node, 0), curve_of(builder, node, 1)
    if left.tensor != right.tensor or not left.view.same_elements(right.view):
        return None
    return left, left.values, right.values


def _scalar(builder: Builder, node: Node, index: int) -> float | None:
    """The number that a constant is, if it is one; see `lone_number`."""
    constant, other = builder.constant(node, index, "factor"), builder.value(node, 1 - index)
    if constant is None:
        return None
    return lone_number(constant, constant.shape if isinstance(other, Poison) else other.shape)


def _by_constant(builder: Builder, node: Node, factor: Factor) -> Value | None:
    """An activation times a constant; None if there is no constant.

    factor: from the constant to what is multiplied with: itself for Mul, its inverse for Div.
    """
    sides = [builder.value(node, 0), builder.value(node, 1)]
    constants = [i for i, side in enumerate(sides) if isinstance(side, Constant)]
    if not constants:
        return None
    if len(constants) == 2:
        raise Unsupported("works on two constants", "fold constants before quantizing")
    index, activation = constants[0], 1 - constants[0]
    source, constant = sides[activation], sides[index]
    if isinstance(source, Source) and isinstance(constant, Constant):
        with np.errstate(all="ignore"):  # normalized refuses what is infinite
            return normalized(builder, node, source, factor=Constant(factor(constant.real)))
    number = _scalar(builder, node, index)
    if number is not None:
        with np.errstate(all="ignore"):
            number = float(factor(np.array([number]))[0])
        return _scaled(builder, node, activation, number)
    return _per_element(builder, node, activation, index, factor)


def _scaled(builder: Builder, node: Node, activation: int, number: float) -> Value:
    """A number goes into the weights of a convolution before it, else into a table."""
    value = builder.value(node, activation)
    # a negative number would turn a Relu round; bounds on the way are scaled with the values
    if isinstance(value, Draft) and isinstance(value.op, Conv) and number > 0:
        op = replace(value.op, weight_scale=value.op.weight_scale * number)
        bounds = Bounds(value.bounds.low * number, value.bounds.high * number)
        # `usual` was the quantization of what is not scaled yet
        return replace(value, op=op, origin=node.outputs[0], bounds=bounds, usual=None)
    curve = curve_of(builder, node, activation)
    with np.errstate(all="ignore"):  # draft_of refuses what is infinite
        return draft_of(node, curve, "Mul", curve.values * number)


def _per_element(
    builder: Builder, node: Node, activation: int, index: int, factor: Factor
) -> Value:
    """Factors that differ from channel to channel, or everywhere: a mask, a window of samples."""
    known = builder.activation(node, activation)
    constant = builder.constant(node, index, "factor")
    assert constant is not None
    with np.errstate(all="ignore"):  # affine refuses what is infinite
        return affine(builder, node, known, factor=Constant(factor(constant.real)))


Mul.importers = (
    Importer(
        kind="Mul",
        convert=mul,
        becomes="Mul; Lookup where both sides come from one value; with a constant: Lookup, scale "
        "of the Conv before, or a depthwise 1x1 Conv",
        constraints=("two activations, repeated along axes of 1; or an activation and a constant",),
        role=Role.ELEMENTWISE,
    ),
    Importer(
        kind="Div",
        convert=div,
        becomes="as Mul by the inverse",
        constraints=("by a constant; a number by an activation; two functions of one tensor",),
        role=Role.ELEMENTWISE,
    ),
)
