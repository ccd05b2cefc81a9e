"""The operators that become a Lookup."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from msfcnn.nodes import (
    Builder,
    Constant,
    Importer,
    Node,
    Role,
    Unsupported,
    Value,
    lone_number,
)
from msfcnn.ops.lookup.curves import curve_of, draft_of
from msfcnn.ops.lookup.functions import COMBINED, FUNCTIONS, Function, Reals
from msfcnn.ops.lookup.op import STORED, Lookup


def _apply(function: Callable[[Node], Function], builder: Builder, node: Node) -> Value:
    """The importer of an operator of FUNCTIONS; the node's attributes are its parameters."""
    curve = curve_of(builder, node, 0)
    # overflows become infinite, which draft_of bounds
    with np.errstate(all="ignore"):
        values = function(node)(curve.values)
    return draft_of(node, curve, node.kind.rpartition("::")[2], values)


def _power(builder: Builder, node: Node) -> Value:
    """Pow with a constant exponent."""
    exponent = builder.constant(node, 1, "exponent")
    if exponent is None or exponent.stored.size != 1:
        raise Unsupported("its exponent is no single number", "use one constant exponent")
    curve, power = curve_of(builder, node, 0), float(exponent.real.ravel()[0])
    with np.errstate(all="ignore"):
        return draft_of(node, curve, "Pow", curve.values**power)


def combined(combine: Callable[..., Reals], builder: Builder, node: Node) -> Value:
    """A node whose operands are numbers and functions of one tensor.

    combine: of as many float64 [256] as the node has operands. Raises Unsupported for a list of
    different constants and for operands that come from several tensors.
    """
    given = range(len(node.inputs))
    constants = {i for i in given if isinstance(builder.value(node, i), Constant)}
    curves = {i: curve_of(builder, node, i) for i in given if i not in constants}
    first = next(iter(curves.values()), None)
    if first is None or any(
        c.tensor != first.tensor or not c.view.same_elements(first.view) for c in curves.values()
    ):
        what = "combines activations that are no functions of one tensor"
        raise Unsupported(what, "use Add, Sub or Mul of two activations")
    operands: list[Reals] = []
    for index in given:
        constant = builder.constant(node, index, "operand") if index in constants else None
        number = lone_number(constant, first.view.shape) if constant else None
        if index in constants and number is None:
            raise Unsupported("has a list of constants", "use one number")
        operands.append(curves[index].values if number is None else np.full(len(STORED), number))
    return draft_of(node, first, node.kind, combine(*operands).astype(np.float64))


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
