"""Lookup: any function of one value, as a table of 256 bytes.

Sigmoid, HardSwish, Tanh, Elu and the like cost a load each, whatever they are. Functions of
functions are one table, too: x * sigmoid(x) (SiLU), or a GELU that an exporter spelled out in seven
nodes. The table is exact: real numbers in double precision, rounded once as QuantizeLinear does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import Call, Clamp, CStruct, Mask, Model, Op, Quantization, Range, Values, clamped
from msfcnn.nodes import (
    UNSET,
    Builder,
    Constant,
    Draft,
    Importer,
    Known,
    Node,
    Role,
    Unsupported,
    Value,
    View,
)
from msfcnn.ops.base import Unary, register
from msfcnn.ops.channels import tie_all
from msfcnn.ops.sketch import Sketch
from msfcnn.ops.softmax import PROBABILITY

Reals = NDArray[np.float64]
Function = Callable[[Reals], Reals]

STORED = np.arange(-128, 128)  # every int8 value


@register
@dataclass(frozen=True, eq=False)
class Lookup(Unary):
    """A function of each value.

    function: its name, for people.
    values:   float64 [256], its real results for the stored inputs -128 .. 127.
    """

    function: str
    values: Reals
    clamp: Clamp = Clamp()

    @property
    def default_output(self) -> Quantization:
        """Probabilities in steps of 1 / 256; whatever else in 256 steps from end to end."""
        low, high = min(0.0, float(self.values.min())), max(0.0, float(self.values.max()))
        if low == 0 and high <= 1:
            return PROBABILITY
        scale = (high - low) / 255 or 1.0
        return Quantization(scale, round(-low / scale) - 128)

    def constants(self, model: Model) -> Values:
        """The stored results for the inputs -128 .. 127."""
        output = model.tensors[self.output].quantization
        steps = np.rint(self.values / output.scale) + output.zero_point
        return clamped(np.clip(steps, -128, 127).astype(np.int64), self.clamp)

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """An entry for each value."""
        return self.constants(model)[inputs[0].astype(np.int16) + 128]

    def value_range(self, model: Model, inputs: Sequence[Range]) -> Range:
        """The least and the largest entry between the bounds of each channel."""
        table = self.constants(model).astype(np.int64)
        parts = [
            table[low + 128 : high + 129]
            for low, high in zip(inputs[0].low.tolist(), inputs[0].high.tolist(), strict=True)
        ]
        return Range(np.array([p.min() for p in parts]), np.array([p.max() for p in parts]))

    def need(self, model: Model, found: Sequence[Range], kept: Sequence[Mask]) -> None:
        """A channel needs its own of the input."""
        tie_all(self, kept)

    def calls(self, model: Model) -> tuple[Call, ...]:
        """It reads the pixel it writes, so it may run in place."""
        shape = model.tensors[self.input].shape
        return (
            Call(
                family="lookup",
                inputs=self.inputs,
                source=shape,
                target=shape,
                channelwise=True,
                in_place=True,
            ),
        )

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """The table in the order of bytes: 0 .. 127, -128 .. -1."""
        return CStruct("msfcnn_lookup_t", {"table": np.roll(self.constants(model), 128)})

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """A HardSwish."""
        values = hard_swish(real_values(sketch.newest.quantization))
        sketch.add(partial(cls, function="HardSwish", values=values), sketch.newest.shape)


# ------------------------------------------------------------------------- functions of a value


@dataclass(frozen=True, eq=False)
class Curve:
    """A value as a function of the stored values of one tensor.

    values: float64 [256], real results for the stored values -128 .. 127.
    """

    tensor: int
    view: View
    values: Reals


def real_values(quantization: Quantization) -> Reals:
    """The real numbers that the stored values -128 .. 127 stand for."""
    return (STORED - quantization.zero_point).astype(np.float64) * quantization.scale


def curve_of(builder: Builder, node: Node, index: int) -> Curve:
    """An input of a node as a function of the tensor it comes from, through other functions."""
    value = builder.value(node, index)
    if isinstance(value, Draft) and isinstance(value.op, Lookup):
        reals = np.clip(value.op.values, value.bounds.low, value.bounds.high)
        return Curve(value.op.input, value.view, reals)
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
    """What an op makes of the stored values -128 .. 127; None if it is no function of one value."""
    # a change of scale or a stand-alone clamp is a function of one value, too
    model = builder.so_far()
    if isinstance(op, Lookup):
        return op.constants(model)
    if op.rescales and model.tensors[op.inputs[0]].shape == model.tensors[op.output].shape:
        column = STORED.astype(np.int8).reshape(256, 1, 1, 1)
        return op.compute(model, [column]).ravel()
    return None


def draft_of(node: Node, curve: Curve, function: str, values: Reals) -> Draft:
    """A function of a curve as an op whose quantization is not known yet."""
    if not np.isfinite(values).all():
        what = "gives infinite results for some values of its input"
        raise Unsupported(what, "keep its input away from where the function has no value")
    op = Lookup(node=node.name, input=curve.tensor, output=UNSET, function=function, values=values)
    return Draft(op=op, node=node, view=curve.view, origin=node.outputs[0])


def _apply(function: Callable[[Node], Function], builder: Builder, node: Node) -> Value:
    """The importer of an operator of FUNCTIONS."""
    curve = curve_of(builder, node, 0)
    # overflows become infinite, which draft_of refuses with the node's name
    with np.errstate(all="ignore"):
        values = function(node)(curve.values)
    return draft_of(node, curve, node.kind.rpartition("::")[2], values)


def sigmoid(x: Reals) -> Reals:
    """1 / (1 + exp(-x))."""
    found: Reals = np.reciprocal(1 + np.exp(-x))
    return found


def hard_sigmoid(x: Reals, alpha: float = 1 / 6, beta: float = 0.5) -> Reals:
    """max(0, min(1, alpha * x + beta))."""
    found: Reals = np.clip(alpha * x + beta, 0, 1)
    return found


def hard_swish(x: Reals) -> Reals:
    """x * hard_sigmoid(x)."""
    return x * hard_sigmoid(x)


def _erf(x: Reals) -> Reals:
    """The error function, which NumPy lacks."""
    return np.array([math.erf(v) for v in x])


def _elu(x: Reals, alpha: float, gamma: float = 1.0) -> Reals:
    """gamma * x above 0, gamma * alpha * (exp(x) - 1) below; expm1 is exact near 0."""
    return gamma * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _celu(x: Reals, alpha: float) -> Reals:
    """As Elu, with a slope that is continuous for every alpha."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


def _softplus(x: Reals) -> Reals:
    """log(1 + exp(x)), which does not overflow."""
    return np.logaddexp(0, x)


def _as_float32(x: Reals) -> Reals:
    """What a DequantizeLinear gives: where a function jumps, the last bit decides."""
    return x.astype(np.float32).astype(np.float64)


def _shrink(x: Reals, limit: float, bias: float) -> Reals:
    """Nothing near 0, beyond the limit x moved towards 0."""
    return np.where(x < -limit, x + bias, np.where(x > limit, x - bias, 0.0))


def _gelu(node: Node) -> Function:
    """Exact, or its approximation by tanh, as the node says."""
    if node.text("approximate", "none") == "tanh":
        c = math.sqrt(2 / math.pi)
        return lambda x: 0.5 * x * (1 + np.tanh(c * (x + 0.044715 * x**3)))
    return lambda x: 0.5 * x * (1 + _erf(x / math.sqrt(2)))


def _leaky(x: Reals, slope: float) -> Reals:
    """x above 0, slope * x below."""
    return np.where(x < 0, slope * x, x)


# From a node, which has the parameters, to its function. A new function of one value is a line;
# it is evaluated in double precision for the 256 values that int8 has.
FUNCTIONS: Mapping[str, Callable[[Node], Function]] = {
    "Abs": lambda _: np.abs,
    "Atan": lambda _: np.arctan,
    "Ceil": lambda _: lambda x: np.ceil(_as_float32(x)),
    "Celu": lambda n: partial(_celu, alpha=n.real("alpha", 1.0)),
    "Elu": lambda n: partial(_elu, alpha=n.real("alpha", 1.0)),
    "Erf": lambda _: _erf,
    "Floor": lambda _: lambda x: np.floor(_as_float32(x)),
    "Exp": lambda _: np.exp,
    "Gelu": _gelu,
    "HardSwish": lambda _: hard_swish,
    "HardSigmoid": lambda n: partial(
        hard_sigmoid, alpha=n.real("alpha", 0.2), beta=n.real("beta", 0.5)
    ),
    "LeakyRelu": lambda n: partial(_leaky, slope=n.real("alpha", 0.01)),
    "Log": lambda _: np.log,
    "Log1p": lambda _: np.log1p,
    "Mish": lambda _: lambda x: x * np.tanh(_softplus(x)),
    "Neg": lambda _: np.negative,
    "Reciprocal": lambda _: np.reciprocal,
    "Round": lambda _: lambda x: np.rint(_as_float32(x)),
    "Selu": lambda n: partial(
        _elu,
        alpha=n.real("alpha", 1.67326319217681884765625),
        gamma=n.real("gamma", 1.05070102214813232421875),
    ),
    "Shrink": lambda n: partial(_shrink, limit=n.real("lambd", 0.5), bias=n.real("bias", 0.0)),
    "Sigmoid": lambda _: sigmoid,
    "Sign": lambda _: np.sign,
    "Softplus": lambda _: _softplus,
    "Softsign": lambda _: lambda x: x / (1 + np.abs(x)),
    "Sqrt": lambda _: np.sqrt,
    "Swish": lambda n: lambda x: x * sigmoid(n.real("alpha", 1.0) * x),
    "Tanh": lambda _: np.tanh,
    "ThresholdedRelu": lambda n: lambda x: np.where(x > n.real("alpha", 1.0), x, 0.0),
    "com.microsoft::Gelu": _gelu,
    "com.microsoft::QuickGelu": lambda n: lambda x: x * sigmoid(n.real("alpha", 1.702) * x),
}


def _power(builder: Builder, node: Node) -> Value:
    """Pow with a constant exponent."""
    exponent = builder.constant(node, 1, "exponent")
    if exponent is None or exponent.stored.size != 1:
        raise Unsupported("its exponent is no single number", "use one constant exponent")
    curve, power = curve_of(builder, node, 0), float(exponent.real.ravel()[0])
    with np.errstate(all="ignore"):
        return draft_of(node, curve, "Pow", curve.values**power)


def combined(combine: Callable[..., Reals], builder: Builder, node: Node) -> Value:
    """A node whose operands are numbers and functions of one tensor."""
    curves: list[Curve] = []
    operands: list[Reals] = []
    for index in range(len(node.inputs)):
        if isinstance(builder.value(node, index), Constant):
            constant = builder.constant(node, index, "operand")
            numbers = constant.real.ravel() if constant else np.zeros(0)
            if numbers.size == 0 or (numbers != numbers[0]).any():
                raise Unsupported("has a list of constants", "use one number")
            operands.append(np.full(len(STORED), numbers[0]))
        else:
            curves.append(curve_of(builder, node, index))
            operands.append(curves[-1].values)
    first = curves[0] if curves else None
    if first is None or any(
        c.tensor != first.tensor or not c.view.same_elements(first.view) for c in curves
    ):
        what = "combines activations that are no functions of one tensor"
        raise Unsupported(what, "use Add, Sub or Mul of two activations")
    return draft_of(node, first, node.kind, combine(*operands).astype(np.float64))


def of_one_tensor(builder: Builder, node: Node) -> bool:
    """Whether the operands of a node are numbers and functions of a single tensor."""
    indices = range(len(node.inputs))
    given = [i for i in indices if not isinstance(builder.value(node, i), Constant)]
    curves = [curve_of(builder, node, i) for i in given]
    return all(
        c.tensor == curves[0].tensor and c.view.same_elements(curves[0].view) for c in curves
    )


def mirrored(builder: Builder, node: Node, draft: Draft) -> Draft:
    """Minus what a draft computes, which is exact: the stored value v becomes -1 - v."""
    assert draft.inherited is not None
    label = f"{node.outputs[0]}:mirrored"
    known = builder.finish(replace(draft, origin=label), label, draft.inherited, draft.unsigned)
    return _negative(builder, node, known)


def negated(builder: Builder, node: Node, known: Known) -> Known:
    """Minus a value, exactly."""
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
    mirror = Quantization(given.scale, -1 - given.zero_point)
    return Draft(
        op=op, node=node, view=known.view, origin=node.outputs[0], inherited=mirror, usual=mirror
    )


def _where(condition: Reals, left: Reals, right: Reals) -> Reals:
    found: Reals = np.where(condition != 0, left, right)
    return found


# Of numbers and functions of one tensor; what is true counts as 1.
COMBINED: Mapping[str, Callable[..., Reals]] = {
    "And": lambda a, b: np.logical_and(a, b),
    "Equal": lambda a, b: a == b,
    "Greater": lambda a, b: a > b,
    "GreaterOrEqual": lambda a, b: a >= b,
    "Less": lambda a, b: a < b,
    "LessOrEqual": lambda a, b: a <= b,
    "Max": lambda *v: np.max(v, axis=0),
    "Min": lambda *v: np.min(v, axis=0),
    "Or": lambda a, b: np.logical_or(a, b),
    "Where": _where,
}

_BECOMES = "Lookup; together with functions before it one table"

Lookup.importers = (
    *(
        Importer(
            kind=kind,
            convert=partial(_apply, function),
            becomes=_BECOMES,
            role=Role.ELEMENTWISE,
        )
        for kind, function in FUNCTIONS.items()
    ),
    *(
        Importer(
            kind=kind,
            convert=partial(combined, combine),
            becomes=_BECOMES,
            constraints=("numbers and functions of one tensor",),
            role=Role.ELEMENTWISE,
        )
        for kind, combine in COMBINED.items()
        if kind not in ("Max", "Min")  # which two tensors can have, too
    ),
    Importer(
        kind="Pow",
        convert=_power,
        becomes=_BECOMES,
        constraints=("one constant exponent",),
        role=Role.ELEMENTWISE,
    ),
)
