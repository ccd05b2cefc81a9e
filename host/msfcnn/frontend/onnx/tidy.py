"""After the conversion: clamps folded into their producers, what no output needs dropped."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from msfcnn.frontend.onnx.builder import same_quantization, with_output
from msfcnn.ir import Clamp, Concat, Model, Op, Requantize, Reshape, Softmax
from msfcnn.ir.ops import Add


def tidy(model: Model) -> Model:
    """The same network with fewer ops."""
    return _renumbered(_without_dead(_with_folded_clamps(model)))


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
        if (
            isinstance(op, Requantize)
            and readers[op.input] == 1
            and op.input in position
            and _same_numbers(model, op)
            and not isinstance(ops[position[op.input]], Softmax | Reshape)
        ):
            producer = position[op.input]
            ops[producer] = with_output(ops[producer], op.output, _both(ops[producer], op.clamp))
            position[op.output] = producer
        else:
            position[op.output] = len(ops)
            ops.append(op)
    return replace(model, ops=tuple(ops))


def _same_numbers(model: Model, op: Requantize) -> bool:
    source, target = model.tensors[op.input], model.tensors[op.output]
    return same_quantization(source.quantization, target.quantization)


def _both(op: Op, then: Clamp) -> Clamp:
    first = Clamp() if isinstance(op, Softmax | Reshape) else op.clamp
    low, high = (min(max(b, then.low), then.high) for b in (first.low, first.high))
    return Clamp(low, high)


def _without_dead(model: Model) -> Model:
    needed = {port.tensor for port in model.outputs}
    ops: list[Op] = []
    for op in reversed(model.ops):
        if op.output in needed:
            needed |= set(op.inputs)
            ops.append(op)
    return replace(model, ops=tuple(reversed(ops)))


def _renumbered(model: Model) -> Model:
    """Tensors in the order in which they are written, the input first."""
    order = [model.input.tensor, *(op.output for op in model.ops)]
    new = {old: index for index, old in enumerate(order)}
    return replace(
        model,
        tensors=tuple(model.tensors[old] for old in order),
        ops=tuple(_rewired(op, new) for op in model.ops),
        input=replace(model.input, tensor=0),
        outputs=tuple(replace(p, tensor=new[p.tensor]) for p in model.outputs),
    )


def _rewired(op: Op, new: dict[int, int]) -> Op:
    output = new[op.output]
    match op:
        case Concat():
            return replace(op, inputs=tuple(new[i] for i in op.inputs), output=output)
        case Add():
            return replace(op, left=new[op.left], right=new[op.right], output=output)
        case _:
            return replace(op, input=new[op.input], output=output)
