"""The values that each channel of each tensor can take, whatever the image."""

from __future__ import annotations

from msfcnn.ir import Model, Range, anything


def ranges(model: Model) -> tuple[Range, ...]:
    """The range of every tensor. Raises ModelError where an op's constants do not exist."""
    ports = (port.tensor for port in model.inputs)
    found = {t: anything(model.tensors[t].channels) for t in ports}
    for op in model.ops:
        found[op.output] = op.value_range(model, [found[t] for t in op.inputs])
    return tuple(found[t] for t in range(len(model.tensors)))
