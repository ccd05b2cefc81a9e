"""After the conversion: clamps folded into their producers, what no output needs dropped.

The importers work node by node and see only what is before a node; this sees the whole network.
Values of outputs are the same before and after, byte by byte. msfcnn.optimize comes later and looks
at values (dead channels) instead of structure.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from msfcnn.ir import Clamp, Model, Op
from msfcnn.nodes import same_quantization
from msfcnn.ops import rounded_to_even


def tidy(model: Model) -> Model:
    """The same network with fewer ops; tensor 0 is the image.

    In this order: folding leaves tensors that nobody writes, which renumbering drops.
    """
    return _renumbered(rounded_to_even(_without_dead(_with_folded_clamps(model))))


def _with_folded_clamps(model: Model) -> Model:
    """A Relu with its own QDQ is the clamp of the op before it, if the scale does not change.

    Exact, because clamping int8 values and then clamping them again is one clamp. The tensor
    between must have no other reader.
    """
    readers = Counter(t for op in model.ops for t in op.inputs)
    readers.update(port.tensor for port in model.outputs)
    ops: list[Op] = []
    position: dict[int, int] = {}
    for op in model.ops:
        producer = position.get(op.inputs[0])
        clamp = _clamp_only(model, op)
        if (
            clamp is not None
            and readers[op.inputs[0]] == 1
            and producer is not None
            and ops[producer].takes_clamp
        ):
            before = ops[producer]
            ops[producer] = before.writing(op.output, before.clamping.then(clamp))
            position[op.output] = producer
        else:
            position[op.output] = len(ops)
            ops.append(op)
    return replace(model, ops=tuple(ops))


def _clamp_only(model: Model, op: Op) -> Clamp | None:
    """The clamp of an op that does nothing else."""
    source, target = (model.tensors[t].quantization for t in (op.inputs[0], op.output))
    return op.clamping if op.rescales and same_quantization(source, target) else None


def _without_dead(model: Model) -> Model:
    """Leaves out ops that no output depends on."""
    needed = {port.tensor for port in model.outputs}
    ops: list[Op] = []
    for op in reversed(model.ops):
        if op.output in needed:
            needed |= set(op.inputs)
            ops.append(op)
    return replace(model, ops=tuple(reversed(ops)))


def _renumbered(model: Model) -> Model:
    """Tensors in the order in which they are written, the inputs first."""
    order = [*(port.tensor for port in model.inputs), *(op.output for op in model.ops)]
    new = {old: index for index, old in enumerate(order)}
    return replace(
        model,
        tensors=tuple(model.tensors[old] for old in order),
        ops=tuple(op.rewired(new) for op in model.ops),
        input=replace(model.input, tensor=0),
        beside=tuple(replace(p, tensor=new[p.tensor]) for p in model.beside),
        outputs=tuple(replace(p, tensor=new[p.tensor]) for p in model.outputs),
    )
