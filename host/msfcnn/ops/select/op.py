"""Select: channels in another order, some of them, or with zeros between.

Slices and splits of channels, channel shuffles and padded channels are all this one op, which reads
the pixel it writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np

from msfcnn.ir import Call, Clamp, CStruct, Mask, Model, Op, Range, Values
from msfcnn.ops.base import Unary, register
from msfcnn.ops.sketch import Sketch
from msfcnn.ops.sums import SumConstants, sum_constants, weighted_sum

ZERO = -1  # instead of an input channel: the real number 0
C_ZERO = 0xFFFF  # the same in C


@register
@dataclass(frozen=True)
class Select(Unary):
    """Output channel c is input channel index[c], or 0 where that is ZERO.

    index: one entry for each output channel, ZERO or 0 to 65534; any order, any number of times.
    """

    index: tuple[int, ...]
    clamp: Clamp = Clamp()
    chooses: ClassVar[bool] = True

    def constants(self, model: Model) -> SumConstants:
        """Those of the change of scale; the identity is exact."""
        source, target = (model.tensors[t].quantization for t in (self.input, self.output))
        return sum_constants(self.node, (source,), target, self.clamp)

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """Channels picked and rescaled; ZERO has no source and is written as the zero point."""
        index = np.array(self.index)
        picked = weighted_sum(self.constants(model), [inputs[0][..., np.maximum(index, 0)]])
        return np.where(index == ZERO, np.int8(self._zero(model)), picked)

    def value_range(self, model: Model, inputs: Sequence[Range]) -> Range:
        """Bounds of the chosen channels. A source may be chosen often, so channels are not tied."""
        ends = (
            self.compute(model, [bound.astype(np.int8).reshape(1, 1, 1, -1)]).ravel()
            for bound in (inputs[0].low, inputs[0].high)
        )
        return Range(*(end.astype(np.int64) for end in ends))

    def need(self, model: Model, found: Sequence[Range], kept: Sequence[Mask]) -> None:
        """A channel needs the one it is."""
        for channel, source in enumerate(self.index):
            if kept[self.output][channel] and source != ZERO:
                kept[self.input][source] = True

    def without(self, model: Model, masks: Sequence[Mask], found: Sequence[Range]) -> Op:
        """Sources are counted anew, as the input has fewer channels."""
        # the number of channels that stay up to each one, less one, is its new index
        new = np.cumsum(masks[self.input]) - 1
        left = [s for s, stays in zip(self.index, masks[self.output], strict=True) if stays]
        return replace(self, index=tuple(ZERO if s == ZERO else int(new[s]) for s in left))

    def calls(self, model: Model) -> tuple[Call, ...]:
        """Never in place: a channel may be read after another was written over it."""
        return (
            Call(
                family="select",
                inputs=self.inputs,
                source=model.tensors[self.input].shape,
                target=model.tensors[self.output].shape,
            ),
        )

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """See Op."""
        index = np.array([C_ZERO if s == ZERO else s for s in self.index], np.uint16)
        k = self.constants(model)
        return CStruct(
            "msfcnn_select_t",
            {
                "index": index,
                "multiplier": k.multipliers[0],
                "offset": k.offset,
                "shift": k.shift,
            },
        )

    def pad_value(self, model: Model) -> int:
        """What stands for 0 in the output."""
        return self._zero(model)

    def _zero(self, model: Model) -> int:
        """The stored value of 0, within the clamp."""
        zero = model.tensors[self.output].quantization.zero_point
        return min(max(zero, self.clamp.low), self.clamp.high)

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """All channels turned round, two zeros between."""
        height, width, channels = sketch.newest.shape
        index = (*range(channels - 1, -1, -1), ZERO, 0, ZERO)
        sketch.add(partial(cls, index=index), (height, width, len(index)))
