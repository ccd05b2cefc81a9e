"""Max and Min of several tensors: they stand beside each other, and a MaxPool chooses.

Such nodes are rare, so they get no kernel: a concatenation of channels, read as several pixels
where there was one, under a MaxPool. It costs a copy of the operands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from msfcnn.ir import Geometry, Quantization
from msfcnn.nodes import (
    UNSET,
    Builder,
    Constant,
    Draft,
    Known,
    Node,
    UnknowableError,
    Unsupported,
    Value,
    map_view,
    same_quantization,
)
from msfcnn.ops.concat import Concat
from msfcnn.ops.lookup import COMBINED, combined, mirror, mirrored, negated, of_one_tensor
from msfcnn.ops.pool.op import MaxPool
from msfcnn.ops.select import constant_map, covering, spread


def extreme(larger: bool, builder: Builder, node: Node) -> Value:
    """Max and Min: of numbers and functions of one tensor a table, of several tensors a MaxPool.

    larger: Max. A minimum is minus the maximum of what is negative. Shapes are broadcast; constants
    that differ from element to element become tensors. Raises Unsupported for shapes that do not
    fit.
    """
    given = [builder.value(node, i) for i in range(len(node.inputs))]
    constants = [value for value in given if isinstance(value, Constant)]
    if all(np.unique(c.real).size == 1 for c in constants) and of_one_tensor(builder, node):
        return combined(COMBINED["Max" if larger else "Min"], builder, node)
    found = [
        None if isinstance(value, Constant) else builder.settled(builder.activation(node, i), node)
        for i, value in enumerate(given)
    ]
    knowns = [known for known in found if known is not None]
    if not knowns:
        raise UnknowableError
    shape = _shape(node, [*(known.shape for known in knowns), *(c.shape for c in constants)])
    quantization = _quantization(builder, node, knowns, constants)
    # what is not rounded here has that quantization as it is
    exact = builder.quantization_ahead(node) is not None or _alike(builder, knowns, constants)
    first = spread(builder, node, knowns[0], shape)
    parts = [builder.alike(spread(builder, node, known, shape), first, node) for known in knowns]
    wanted = quantization if larger else mirror(quantization)
    if not larger:
        parts = [negated(builder, node, known) for known in parts]
    # as ONNX stores all of them; otherwise it is no matter
    unsigned = all(builder.tensors[known.tensor].unsigned for known in parts)
    tensors = [_requantized(builder, node, known, wanted, unsigned) for known in parts]
    for constant in constants:
        reals = np.broadcast_to(constant.real, shape)
        whole = Constant(reals if larger else -reals)
        made = constant_map(builder, node, first, whole, wanted)
        tensors.append(builder.alike(made, first, node).tensor)
    draft = _largest(builder, node, first, tensors, wanted)
    draft = replace(draft, inherited=wanted if exact else None, unsigned=unsigned)
    return draft if larger else mirrored(builder, node, draft, wanted)


def _shape(node: Node, shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape that all operands have together."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        what = f"combines operands of the shapes {', '.join(str(list(s)) for s in shapes)}"
        raise Unsupported(what, "the file is damaged; export it again", node) from None


def _alike(builder: Builder, knowns: Sequence[Known], constants: Sequence[Constant]) -> bool:
    """Whether all operands are stored in one quantization."""
    given = [builder.tensors[known.tensor].quantization for known in knowns]
    return not constants and all(same_quantization(q, given[0]) for q in given)


def _quantization(
    builder: Builder, node: Node, knowns: Sequence[Known], constants: Sequence[Constant]
) -> Quantization:
    """In which operands are compared: stored values of different scales cannot be.

    Their own where they have one; that of the result, which rounds all of them alike; else one that
    holds what any of them can be.
    """
    given = [builder.tensors[known.tensor].quantization for known in knowns]
    if _alike(builder, knowns, constants):
        return given[0]
    ahead = builder.quantization_ahead(node)
    if ahead is not None:
        return ahead
    ends = [(end - q.zero_point) * q.scale for q in given for end in (-128, 127)]
    return covering(np.concatenate([np.array(ends), *(c.real.ravel() for c in constants)]))


def _requantized(
    builder: Builder, node: Node, known: Known, wanted: Quantization, unsigned: bool
) -> int:
    """The tensor of a value in this quantization."""
    name = f"{builder.tensors[known.tensor].name}:for {node.outputs[0]}"
    return builder.requantized(known, node, name, wanted, unsigned).tensor


def _largest(
    builder: Builder, node: Node, first: Known, tensors: Sequence[int], wanted: Quantization
) -> Draft:
    """The largest of several tensors of one quantization, whose elements lie as those of first."""
    height, width, channels = first.view.hwc
    count = len(tensors)
    label = f"{node.outputs[0]}:all"
    shaped = tuple(builder.with_shape(t, first.view.hwc, node) for t in tensors)
    joined = builder.finish(
        Draft(
            op=Concat(node.name, shaped, UNSET),
            node=node,
            view=map_view((height, width, count * channels), 4),
            origin=label,
        ),
        label,
        wanted,
        False,
    )
    # they stand beside each other in every pixel: several pixels, under a kernel over all
    line = builder.with_shape(joined.tensor, (height * width, count, channels), node)
    op = MaxPool(
        node=node.name, input=line, output=UNSET, geometry=Geometry(kernel_h=1, kernel_w=count)
    )
    return Draft(
        op=op,
        node=node,
        view=first.view.read_as((height * width, 1, channels)),
        origin=node.outputs[0],
        usual=wanted,
    )
