"""Changes of scale with ties as tables: what sums round up, QuantizeLinear rounds to even."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from msfcnn.ir import Clamp, Model, Op, Tensor
from msfcnn.ops.clip import rounds_otherwise
from msfcnn.ops.lookup import Lookup, real_values


def rounded_to_even(model: Model) -> Model:
    """The network with tables (Lookup) for changes of scale that would round ties up.

    A change of scale alone becomes one. An op that chooses values and changes their scale keeps
    one scale, and a table stands in front of it or behind it, where there are fewer values:
    as a table never falls, the largest of some values is the same before and after.
    """
    tensors, ops = list(model.tensors), list[Op]()
    for op in model.ops:
        if not (op.rescales or op.chooses) or not rounds_otherwise(
            tensors[op.inputs[0]].quantization, tensors[op.output].quantization
        ):
            ops.append(op)
        elif op.rescales:
            ops.append(_table(op, tensors, op.inputs[0], op.output))
        else:
            added, parts = _in_two(op, tensors)
            tensors.append(added)
            ops += parts
    return replace(model, tensors=tuple(tensors), ops=tuple(ops))


def _in_two(op: Op, tensors: Sequence[Tensor]) -> tuple[Tensor, tuple[Op, Op]]:
    """An op beside its change of scale, and the tensor between, which is added to `tensors`."""
    (source,), target, added = op.inputs, op.output, len(tensors)
    given, made = tensors[source], tensors[target]
    if given.size < made.size:
        between, scaled, name = given, made, f"{made.name}:before {type(op).__name__}"
        parts: tuple[Op, Op] = (
            _table(op, tensors, source, added),
            op.rewired({source: added, target: target}),
        )
    else:
        between, scaled, name = made, given, f"{made.name}:before its scale"
        parts = (op.writing(added, Clamp()), _table(op, tensors, added, target))
    scale = (scaled.quantization, scaled.unsigned)
    return replace(between, name=name, quantization=scale[0], unsigned=scale[1]), parts


def _table(op: Op, tensors: Sequence[Tensor], source: int, target: int) -> Lookup:
    """The change of scale of an op, from one tensor to another."""
    return Lookup(
        node=op.node,
        input=source,
        output=target,
        function="Requantize",
        values=real_values(tensors[op.inputs[0]].quantization),
        clamp=op.clamping,
    )
