"""NAME_weights.c: weights, biases and multipliers. They do not depend on the plan."""

from __future__ import annotations

from msfcnn.emit.text import comment, int8_array, int_array
from msfcnn.model import Conv, Model
from msfcnn.numerics import conv_constants

CONV_BYTES = 9  # bias, multiplier and shift of an output channel


def constants_name(name: str, index: int) -> str:
    """The constants of op `index` in C."""
    return f"{name}_op{index}"


def weights_source(model: Model, name: str) -> str:
    """Text of NAME_weights.c below its banner."""
    parts = ['#include "msfcnn/tables.h"\n']
    for index, op in enumerate(model.ops):
        if isinstance(op, Conv):
            parts.append(_conv(model, op, constants_name(name, index)))
    return "\n".join(parts)


def constant_bytes(model: Model) -> int:
    """Bytes of weights, biases, multipliers and shifts in flash."""
    return sum(
        int(op.weights.size) + CONV_BYTES * len(op.weights)
        for op in model.ops
        if isinstance(op, Conv)
    )


def _conv(model: Model, op: Conv, name: str) -> str:
    constants = conv_constants(model, op)
    depthwise = op.depthwise
    # taps are counted column by column: [output][column][row][input], see msfcnn_conv_t
    order = (3, 2, 1, 0) if depthwise else (0, 2, 1, 3)
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
