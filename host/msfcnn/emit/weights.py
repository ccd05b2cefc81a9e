"""NAME_weights.c: weights, biases and multipliers.

Weights lie as the sweep of their stage reads them: kernel lines first, be they rows or columns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from msfcnn.emit.text import comment, int8_array, int_array
from msfcnn.fusion import Kind
from msfcnn.ir import Conv, Model
from msfcnn.isa.armv7em import pack_conv, pack_depthwise
from msfcnn.isa.choice import several_pixels
from msfcnn.numerics import ConvConstants, conv_constants
from msfcnn.schedule import Schedule

CONV_BYTES = 9  # bias, multiplier and shift of an output channel


def constants_name(name: str, index: int) -> str:
    """The constants of op `index` in C; packed ones are an array called NAME_words."""
    return f"{name}_op{index}"


def weights_source(model: Model, schedule: Schedule, name: str) -> str:
    """Text of NAME_weights.c below its banner."""
    parts = ['#include "msfcnn/tables.h"\n']
    for stage in schedule.stages:
        for i, step in enumerate(stage.chain.steps):
            op = None if step.kind is Kind.LOAD else model.ops[step.op]
            if isinstance(op, Conv):
                write = _packed if stage.kernel(i).packed else _plain
                label = constants_name(name, step.op)
                parts.append(f"/* {comment(op.node)} */")
                parts.append(write(model, op, label, stage.option.columns))
    return "\n".join(parts)


def constant_bytes(model: Model) -> int:
    """Bytes of weights, biases, multipliers and shifts in flash."""
    return sum(
        int(op.weights.size) + CONV_BYTES * len(op.weights)
        for op in model.ops
        if isinstance(op, Conv)
    )


def unfolded(weights: NDArray[np.int8], constants: ConvConstants) -> NDArray[np.int32]:
    """Biases of a portable depthwise kernel, which subtracts the zero point from each input.

    No sum leaves int32: each of its taps adds an input or a zero point, times its weight.
    """
    taps = weights.reshape(len(weights), -1).sum(axis=1, dtype=np.int64)
    bias: NDArray[np.int32] = (constants.bias + constants.input_zero * taps).astype(np.int32)
    return bias


def _oriented(op: Conv, columns: bool) -> NDArray[np.int8]:
    """[output][kernel line][kernel pixel][input]."""
    oriented: NDArray[np.int8] = op.weights.transpose((0, 2, 1, 3) if columns else (0, 1, 2, 3))
    return oriented


def _packed(model: Model, op: Conv, name: str, columns: bool) -> str:
    weights, constants = _oriented(op, columns), conv_constants(model, op)
    if op.depthwise:
        planes = pack_depthwise(weights, constants, op.geometry.stride_w, op.geometry.dilation_w)
        assert planes is not None, "the kernel was chosen because this works"
        words = planes.words
    else:
        blocks = pack_conv(weights, constants, several_pixels(model, op))
        assert blocks is not None, "the kernel was chosen because this works"
        words = blocks.words
    label = f"{name}_words"
    return f"extern const uint32_t {label}[];\n" + int_array("uint32_t", label, words, static=False)


def _plain(model: Model, op: Conv, name: str, columns: bool) -> str:
    constants = conv_constants(model, op)
    bias = unfolded(op.weights, constants) if op.depthwise else constants.bias
    group_outputs = len(op.weights) // op.groups
    return "\n".join(
        [
            int8_array(f"{name}_weights", _oriented(op, columns)),
            int_array("int32_t", f"{name}_bias", bias),
            int_array("int32_t", f"{name}_multiplier", constants.scaling.multiplier),
            int_array("uint8_t", f"{name}_shift", constants.scaling.shift),
            f"extern const msfcnn_conv_t {name};",
            f"const msfcnn_conv_t {name} = {{",
            f"    {name}_weights, {name}_bias, {name}_multiplier, {name}_shift,",
            f"    {op.weights.shape[3]}, {group_outputs},",
            "};\n",
        ]
    )
