"""NAME_weights.c: weights, biases and multipliers.

Weights lie as the sweep of their stage reads them: kernel lines first, be they rows or columns.
"""

from __future__ import annotations

from msfcnn.emit.text import comment, int8_array, int_array
from msfcnn.graph import Kind
from msfcnn.model import Conv, Model
from msfcnn.numerics import conv_constants
from msfcnn.schedule import Schedule

CONV_BYTES = 9  # bias, multiplier and shift of an output channel


def constants_name(name: str, index: int) -> str:
    """The constants of op `index` in C."""
    return f"{name}_op{index}"


def weights_source(model: Model, schedule: Schedule, name: str) -> str:
    """Text of NAME_weights.c below its banner."""
    parts = ['#include "msfcnn/tables.h"\n']
    for stage in schedule.stages:
        for step in stage.chain.steps:
            op = None if step.kind is Kind.LOAD else model.ops[step.op]
            if isinstance(op, Conv):
                label = constants_name(name, step.op)
                parts.append(_conv(model, op, label, stage.option.columns))
    return "\n".join(parts)


def constant_bytes(model: Model) -> int:
    """Bytes of weights, biases, multipliers and shifts in flash."""
    return sum(
        int(op.weights.size) + CONV_BYTES * len(op.weights)
        for op in model.ops
        if isinstance(op, Conv)
    )


def _conv(model: Model, op: Conv, name: str, columns: bool) -> str:
    constants = conv_constants(model, op)
    order = (0, 2, 1, 3) if columns else (0, 1, 2, 3)
    group_outputs = len(op.weights) // op.groups
    return "\n".join(
        [
            f"/* {comment(op.node)} */",
            int8_array(f"{name}_weights", op.weights.transpose(order)),
            int_array("int32_t", f"{name}_bias", constants.bias),
            int_array("int32_t", f"{name}_multiplier", constants.scaling.multiplier),
            int_array("uint8_t", f"{name}_shift", constants.scaling.shift),
            f"extern const msfcnn_conv_t {name};",
            f"const msfcnn_conv_t {name} = {{",
            f"    {name}_weights, {name}_bias, {name}_multiplier, {name}_shift,",
            f"    {op.weights.shape[3]}, {group_outputs},",
            "};\n",
        ]
    )
