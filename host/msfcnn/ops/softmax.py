"""Softmax over channels, in integers.

The largest input of a pixel is subtracted first, so every power is at most one and a table of 256
entries has them all, whatever the input is. A division rounded once gives the probability: no
float, the same bytes on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from msfcnn.errors import ModelError
from msfcnn.ir import (
    Call,
    Clamp,
    CStruct,
    Mask,
    Model,
    Quantization,
    Range,
    Values,
    absurd_scale,
    anything,
    clamped,
)
from msfcnn.nodes import (
    UNSET,
    Builder,
    Draft,
    Importer,
    Node,
    Unsupported,
    Value,
    view_with_channels,
)
from msfcnn.ops.base import Unary, register
from msfcnn.ops.channels import keep_all
from msfcnn.ops.sketch import Sketch

EXP_BITS = 23  # fraction bits of the table
SCALE_BITS = 8  # fraction bits of 1 / output scale
PROBABILITY = Quantization(1 / 256, -128)  # what every converter gives the output of a softmax


@dataclass(frozen=True, eq=False)
class SoftmaxConstants:
    """q_i = clamp(output_zero + (2 * e_i * inverse_scale + total) // (2 * total), -128, 127).

    e_i = exp_table[m - q_i] with m the largest input of the pixel, and
    total = (sum of all e_i) << SCALE_BITS; all in uint64: a division rounded once, half up.

    exp_table: uint32 [256], exp(-d * input scale) in EXP_BITS fraction bits.
    inverse_scale: 1 / output scale in SCALE_BITS fraction bits.
    """

    exp_table: NDArray[np.uint32]
    inverse_scale: int
    output_zero: int


@register
@dataclass(frozen=True)
class Softmax(Unary):
    """Softmax over the channels of each pixel.

    It needs all channels of a pixel but no other pixel, so it streams like a pointwise layer.
    """

    takes_clamp: ClassVar[bool] = False

    @property
    def default_output(self) -> Quantization:
        """Steps of 1 / 256."""
        return PROBABILITY

    def constants(self, model: Model) -> SoftmaxConstants:
        """Table and scale. Raises ModelError for an output scale that is not in 2**-16 .. 512."""
        source, target = model.tensors[self.input], model.tensors[self.output]
        distances = np.arange(256, dtype=np.float64)
        table = np.rint(np.exp(-distances * source.quantization.scale) * 2**EXP_BITS)
        inverse = round(2**SCALE_BITS / target.quantization.scale)
        if not 0 < inverse < 2**24:
            raise ModelError(absurd_scale(self.node, 1 / target.quantization.scale))
        return SoftmaxConstants(table.astype(np.uint32), inverse, target.quantization.zero_point)

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """By the formula of SoftmaxConstants."""
        return softmax(self.constants(model), inputs[0])

    def value_range(self, model: Model, inputs: Sequence[Range]) -> Range:
        """Nothing is known of the sum in the divisor."""
        return anything(model.tensors[self.output].channels)

    def need(self, model: Model, found: Sequence[Range], kept: Sequence[Mask]) -> None:
        """Every channel is in the sum."""
        keep_all(self, kept)

    def calls(self, model: Model) -> tuple[Call, ...]:
        """See Op."""
        shape = model.tensors[self.input].shape
        return (
            Call(family="softmax", inputs=self.inputs, source=shape, target=shape, in_place=True),
        )

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """See Op."""
        k = self.constants(model)
        return CStruct("msfcnn_softmax_t", {"exp": k.exp_table, "inverse_scale": k.inverse_scale})

    def output_zero(self, model: Model) -> int:
        """The output's zero point."""
        return model.tensors[self.output].quantization.zero_point

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """Over the channels of every pixel."""
        sketch.add(cls, sketch.newest.shape, PROBABILITY)


def softmax(k: SoftmaxConstants, x: Values) -> Values:
    """Softmax over the channels of each pixel of int8 [n, h, w, c]."""
    wide = x.astype(np.int64)
    powers = k.exp_table.astype(np.int64)[wide.max(axis=3, keepdims=True) - wide]
    total = powers.sum(axis=3, keepdims=True) << SCALE_BITS
    rounded = (2 * powers * k.inverse_scale + total) // (2 * total)
    return clamped(rounded + k.output_zero, Clamp())


def _import(builder: Builder, node: Node) -> Value:
    """Softmax over the elements of a vector, or over the channels of each pixel.

    The axis may be any: `as_map` moves its elements to the channels where they are not yet. Opset
    13 and up is meant, where it is one axis; before, all axes from it on were one.
    """
    known = builder.activation(node, 0)
    shape = known.shape
    rank = len(shape)
    axis = node.integer("axis", -1)
    if not -rank <= axis < rank:
        raise Unsupported(f"its axis {axis} is out of range", "the file is damaged")
    axis = axis % rank
    # one softmax over everything: the order is no matter
    if math.prod(shape) == shape[axis]:
        tensor = builder.as_vector(known, node)
        view = known.view.read_as((1, 1, known.view.size))
    else:
        tensor, hwc = builder.as_map(known, axis, node)
        view = view_with_channels(hwc, rank, axis)
    return Draft(op=Softmax(node.name, tensor, UNSET), node=node, view=view, origin=node.outputs[0])


Softmax.importers = (
    Importer(
        kind="Softmax",
        convert=_import,
        becomes="Softmax",
        constraints=("over channels; float output of the model or QuantizeLinear behind it",),
    ),
)
