"""Prelu: what is below 0 times a slope per channel.

All in int32, as the sums of sums.py. One slope for all channels makes a table instead (Lookup),
which fuses with functions before and behind it; so does LeakyRelu, see lookup/functions.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from msfcnn.errors import ModelError
from msfcnn.ir import (
    INT32_MAX,
    Call,
    Clamp,
    CStruct,
    Mask,
    Model,
    Op,
    Range,
    Values,
    absurd_scale,
    clamped,
    fractions_with_ties,
)
from msfcnn.nodes import (
    UNSET,
    Builder,
    Draft,
    Importer,
    Node,
    Role,
    Unsupported,
    Value,
    per_channel,
)
from msfcnn.ops.base import Unary, register
from msfcnn.ops.channels import tie_all
from msfcnn.ops.lookup import curve_of, draft_of
from msfcnn.ops.sketch import Sketch
from msfcnn.ops.sums import flagged, shifted

LARGEST_INPUT = 255  # of the distance from a zero point: inputs and zero points are int8


@dataclass(frozen=True, eq=False)
class PreluConstants:
    """q = clamp(((x - input_zero) * factor + offset) >> shift), all in int32.

    factor: the common one from 0 on, `slopes` (int32 per channel) below. even, odd: as of
    SumConstants.
    """

    slopes: NDArray[np.int32]
    factor: int
    offset: int
    shift: int
    input_zero: int
    clamp: Clamp
    even: bool
    odd: bool


@register
@dataclass(frozen=True, eq=False)
class Prelu(Unary):
    """y = x for x >= 0, slope * x below, for each channel.

    slopes: float64 [channels], of any sign, in the order of the tensor's channels.
    """

    slopes: NDArray[np.float64]
    clamp: Clamp = Clamp()

    def constants(self, model: Model) -> PreluConstants:
        """With the largest shift for which nothing leaves int32.

        Raises ModelError, which names the node, where no shift will do: a scale is absurd.
        """
        source, target = (model.tensors[t].quantization for t in (self.input, self.output))
        # the slope of positive inputs is 1: it takes part in the choice of the shift
        ratio = source.scale / target.scale
        factors = ratio * np.append(self.slopes, 1.0)
        for shift in range(30, 0, -1):
            integers = np.rint(factors * 2.0**shift)
            offset = (target.zero_point << shift) + (1 << (shift - 1))
            if abs(offset) + LARGEST_INPUT * np.abs(integers).max() <= INT32_MAX:
                even = bool(fractions_with_ties(np.abs(factors), LARGEST_INPUT).any())
                return PreluConstants(
                    slopes=integers[:-1].astype(np.int32),
                    factor=int(integers[-1]),
                    offset=offset - even,
                    shift=shift,
                    input_zero=source.zero_point,
                    clamp=self.clamp,
                    even=even,
                    odd=even and target.zero_point % 2 == 1,
                )
        raise ModelError(absurd_scale(self.node, float(np.abs(factors).max())))

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """By the formula of PreluConstants."""
        k = self.constants(model)
        x = inputs[0].astype(np.int64) - k.input_zero
        factors = np.where(x < 0, k.slopes.astype(np.int64), k.factor)
        acc = x * factors + k.offset
        return clamped(shifted(acc, k.shift, k.odd, int(k.even)), k.clamp)

    def value_range(self, model: Model, inputs: Sequence[Range]) -> Range:
        """It turns at most once, at 0."""
        zero = model.tensors[self.input].quantization.zero_point
        # ends of the input, and the two values next to the bend, where they are in between
        low, high = inputs[0].low, inputs[0].high
        ends = np.stack([low, high, np.clip(zero, low, high), np.clip(zero - 1, low, high)])
        found = self.compute(model, [ends.astype(np.int8)[:, None, None]]).astype(np.int64)
        return Range(found.min(axis=(0, 1, 2)), found.max(axis=(0, 1, 2)))

    def need(self, model: Model, found: Sequence[Range], kept: Sequence[Mask]) -> None:
        """See Op."""
        tie_all(self, kept)

    def without(self, model: Model, masks: Sequence[Mask], found: Sequence[Range]) -> Op:
        """Slopes of the channels that stay."""
        return replace(self, slopes=self.slopes[masks[self.output]])

    def calls(self, model: Model) -> tuple[Call, ...]:
        """See Op."""
        shape = model.tensors[self.input].shape
        return (
            Call(
                family="prelu",
                inputs=self.inputs,
                source=shape,
                target=shape,
                channelwise=True,
                in_place=True,
            ),
        )

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """See Op."""
        k = self.constants(model)
        return CStruct(
            "msfcnn_prelu_t",
            {
                "slope": k.slopes,
                "factor": k.factor,
                "offset": k.offset,
                "shift": flagged(k.shift, k.even, k.odd),
                "input_zero": k.input_zero,
            },
        )

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """Slopes from -0.5 to 1."""
        slopes = np.linspace(-0.5, 1, sketch.newest.channels)
        sketch.add(lambda node, x, y: cls(node, x, y, slopes), sketch.newest.shape)


def prelu(builder: Builder, node: Node) -> Value:
    """PRelu; with one slope for all channels it is a table.

    ONNX broadcasts the slopes: [C, 1, 1] is the usual form. Raises Unsupported for slopes that
    differ from pixel to pixel, and for a slope that is computed at run time.
    """
    slope = builder.constant(node, 1, "slope")
    if slope is None or slope.stored.size == 0:
        raise Unsupported("has no slope", "the file is damaged; export it again")
    slopes = slope.real.ravel()
    # one slope is a function of one value, and fuses with others
    if (slopes == slopes[0]).all():
        curve = curve_of(builder, node, 0)
        with np.errstate(all="ignore"):  # draft_of refuses what is infinite
            values = np.where(curve.values < 0, slopes[0] * curve.values, curve.values)
        return draft_of(node, curve, "PRelu", values)
    known = builder.activation(node, 0)
    view = known.view
    if len(view.shape) == 2 and view.shape[0] == 1:  # each element of a vector is a channel
        tensor, view = builder.as_vector(known, node), view.read_as((1, 1, view.size))
    else:
        tensor = known.tensor
    found = per_channel(slope, view, node).real.ravel()
    return Draft(
        op=Prelu(node=node.name, input=tensor, output=UNSET, slopes=found),
        node=node,
        view=view,
        origin=node.outputs[0],
    )


Prelu.importers = (
    Importer(
        kind="PRelu",
        convert=prelu,
        becomes="Prelu; Lookup with one slope for all channels",
        constraints=("a slope per channel, constant",),
        role=Role.ELEMENTWISE,
    ),
)
