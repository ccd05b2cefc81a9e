"""Changes of scale with ties as tables: what sums round up, QuantizeLinear rounds to even."""

from __future__ import annotations

from msfcnn.ir import Model, Op
from msfcnn.ops.clip import rounds_otherwise
from msfcnn.ops.lookup import Lookup, real_values


def rounded_to_even(model: Model, op: Op) -> Op:
    """The op, or a Lookup where it is a change of scale that rounds ties up."""
    if not op.rescales:
        return op
    source, target = (model.tensors[t].quantization for t in (op.inputs[0], op.output))
    if not rounds_otherwise(source, target):
        return op
    return Lookup(
        node=op.node,
        input=op.inputs[0],
        output=op.output,
        function="Requantize",
        values=real_values(source),
        clamp=op.clamping,
    )
