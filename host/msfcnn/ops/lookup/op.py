"""The op: a table of 256 bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import Call, Clamp, CStruct, Mask, Model, Quantization, Range, Values, clamped
from msfcnn.ops.base import Unary, register
from msfcnn.ops.channels import tie_all
from msfcnn.ops.lookup.functions import Reals, hard_swish
from msfcnn.ops.sketch import Sketch
from msfcnn.ops.softmax import PROBABILITY

STORED = np.arange(-128, 128)  # every int8 value


def real_values(quantization: Quantization) -> Reals:
    """The real numbers that the stored values -128 .. 127 stand for."""
    return (STORED - quantization.zero_point).astype(np.float64) * quantization.scale


def stored_values(reals: Reals, quantization: Quantization) -> NDArray[np.int64]:
    """Real numbers as stored ones, -128 .. 127: in float32, ties to even, as QuantizeLinear does.

    In float32, as what is a tie there need not be one of exact numbers, nor the other way round.
    """
    # what overflows is beyond every stored value, too
    with np.errstate(over="ignore"):
        steps = np.rint(reals.astype(np.float32) / np.float32(quantization.scale))
    found = np.clip(steps.astype(np.float64) + quantization.zero_point, -128, 127)
    stored: NDArray[np.int64] = found.astype(np.int64)
    return stored


@register
@dataclass(frozen=True, eq=False)
class Lookup(Unary):
    """A function of each value.

    function: its name, for people.
    values:   float64 [256], its real results for the stored inputs -128 .. 127.
    """

    function: str
    values: Reals
    clamp: Clamp = Clamp()

    @property
    def default_output(self) -> Quantization:
        """Probabilities in steps of 1 / 256; whatever else in 256 steps from end to end.

        Used where the network ends in the function and no QuantizeLinear follows. Zero is always
        among the values that can be stored.
        """
        low, high = min(0.0, float(self.values.min())), max(0.0, float(self.values.max()))
        if low == 0 and high <= 1:
            return PROBABILITY
        scale = (high - low) / 255 or 1.0
        return Quantization(scale, round(-low / scale) - 128)

    def constants(self, model: Model) -> Values:
        """The stored results for the inputs -128 .. 127, int8 [256]: rounded as QuantizeLinear."""
        output = model.tensors[self.output].quantization
        return clamped(stored_values(self.values, output), self.clamp)

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """An entry for each value."""
        return self.constants(model)[inputs[0].astype(np.int16) + 128]

    def value_range(self, model: Model, inputs: Sequence[Range]) -> Range:
        """The least and the largest entry between the bounds of each channel."""
        table = self.constants(model).astype(np.int64)
        parts = [
            table[low + 128 : high + 129]
            for low, high in zip(inputs[0].low.tolist(), inputs[0].high.tolist(), strict=True)
        ]
        return Range(np.array([p.min() for p in parts]), np.array([p.max() for p in parts]))

    def need(self, model: Model, found: Sequence[Range], kept: Sequence[Mask]) -> None:
        """A channel needs its own of the input."""
        tie_all(self, kept)

    def calls(self, model: Model) -> tuple[Call, ...]:
        """It reads the pixel it writes, so it may run in place."""
        shape = model.tensors[self.input].shape
        return (
            Call(
                family="lookup",
                inputs=self.inputs,
                source=shape,
                target=shape,
                channelwise=True,
                in_place=True,
            ),
        )

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """The table in the order of bytes: 0 .. 127, -128 .. -1."""
        return CStruct("msfcnn_lookup_t", {"table": np.roll(self.constants(model), 128)})

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """A HardSwish."""
        values = hard_swish(real_values(sketch.newest.quantization))
        sketch.add(partial(cls, function="HardSwish", values=values), sketch.newest.shape)
