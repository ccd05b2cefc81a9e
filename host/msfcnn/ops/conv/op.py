"""Conv: ordinary, pointwise, depthwise and grouped convolutions; dense layers are 1x1 pixels.

One class for all of them, as they compute the same sum; which kernel family runs it follows from
its shape. A pointwise one reads the pixel it writes, so in a stage it needs no line buffer; the
others read a window of lines. A depthwise one keeps channels apart and is fastest on planar lines
(a channel behind the other), which its window then keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from msfcnn.ir import (
    Axis,
    Call,
    CStruct,
    Geometry,
    Mask,
    Model,
    Op,
    Range,
    Reads,
    Values,
    requantize,
)
from msfcnn.ops.base import register
from msfcnn.ops.channels import tie
from msfcnn.ops.conv.constants import ConvConstants, conv_constants, marked, unfolded
from msfcnn.ops.conv.layer import ConvData
from msfcnn.ops.conv.reference import conv
from msfcnn.ops.sketch import Sketch

FEW_TAPS = 32  # as src/conv.c says


@register
@dataclass(frozen=True, eq=False)
class Conv(ConvData):
    """Convolution of any grouping: ordinary, pointwise, depthwise, dense (1x1 on 1x1 pixels)."""

    @property
    def sliding(self) -> Geometry:
        """The geometry of its kernel."""
        return self.geometry

    @property
    def weight_bytes(self) -> int:
        """Bytes of its int8 weights."""
        return int(self.weights.size)

    def constants(self, model: Model) -> ConvConstants:
        """See Op."""
        return conv_constants(model, self)

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """The sums in integers, requantized per channel."""
        return conv(self, self.constants(model), inputs[0], model.tensors[self.output].shape)

    def calls(self, model: Model) -> tuple[Call, ...]:
        """A 1x1 kernel with stride 1 reads its own pixels, any other a window.

        One with padding at the bottom or the right only, which no Axis shows, reads a window, too:
        its last pixels are not there to be read.
        """
        rows, columns = self.geometry.axes
        own = rows == columns == Axis() and not self._reads_padding(model)
        return (
            Call(
                family=self._family,
                inputs=self.inputs,
                source=model.tensors[self.input].shape,
                target=model.tensors[self.output].shape,
                reads=Reads.RUN if own else Reads.WINDOW,
                rows=rows,
                columns=columns,
                depth=self.weights.shape[3],
                multiplier=len(self.weights) // self.groups,
                macs=int(self.weights.size),
                channelwise=self.depthwise and len(self.weights) == self.groups,
                planar=self.depthwise,
                weighty=True,
            ),
        )

    @property
    def _family(self) -> str:
        """The kernel family that its shape allows; depthwise before pointwise, as both may hold."""
        if self.depthwise:
            return "depthwise"
        return "pointwise" if self.pointwise else "conv"

    def scratch(self, model: Model) -> int:
        """The taps of some pixels of a group, for those that gather them.

        Bytes for as many pixels as the portable kernel works on at a time. Pointwise layers read
        their input where it is, depthwise kernels read line by line: neither gathers.
        """
        del model
        return self.gathered if self._family == "conv" else 0

    @property
    def pixel_scratch(self) -> int:
        """The taps of a single pixel of a group."""
        return self.taps if self._family == "conv" else 0

    @property
    def gathered(self) -> int:
        """Bytes of the taps of the pixels that the portable kernel gathers at a time."""
        return gathered(self.taps)

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """Weights lie [output][kernel line][kernel pixel][input]."""
        del call
        k = self.constants(model)
        return CStruct(
            "msfcnn_conv_t",
            {
                "weights": oriented(self, columns),
                "bias": unfolded(self.weights, k) if self.depthwise else k.bias,
                "multiplier": k.scaling.multiplier,
                "shift": marked(self.weights, k),
                "group_inputs": self.weights.shape[3],
                "group_outputs": len(self.weights) // self.groups,
            },
        )

    def pad_value(self, model: Model) -> int:
        """The input's zero point."""
        return model.tensors[self.input].quantization.zero_point

    def output_zero(self, model: Model) -> int:
        """The output's zero point."""
        return model.tensors[self.output].quantization.zero_point

    # ------------------------------------------------------------------------------ dead channels
    def value_range(self, model: Model, inputs: Sequence[Range]) -> Range:
        """Each weight at the end of its input's range that makes the sum largest, or smallest.

        Interval arithmetic: exact for one layer, a safe bound for several, as channels are taken
        for independent of each other.
        """
        k = self.constants(model)
        low, high = inputs[0].low, inputs[0].high
        # a padded tap reads the zero point, which may lie outside of what the tensor holds
        if self._reads_padding(model):
            low, high = np.minimum(low, k.input_zero), np.maximum(high, k.input_zero)
        taps = self.weights.astype(np.int64)
        rising = np.maximum(taps, 0).sum(axis=(1, 2))
        falling = np.minimum(taps, 0).sum(axis=(1, 2))
        sources = self.source_channels
        ends = (
            k.bias + (rising * first[sources] + falling * last[sources]).sum(axis=1)
            for first, last in ((low, high), (high, low))
        )
        m, s = k.scaling.multiplier, k.scaling.shift
        return Range(
            *(requantize(acc, m, s, k.output_zero, k.clamp).astype(np.int64) for acc in ends)
        )

    def need(self, model: Model, found: Sequence[Range], kept: Sequence[Mask]) -> None:
        """A constant input channel of an ungrouped convolution is taken into the bias.

        Groups stay equally large, so channels of all groups stay or go together (`tie`).
        """
        if self.groups > 1:
            tie(self.groups, kept[self.input], kept[self.output])
            return
        read = (self.weights[kept[self.output]] != 0).any(axis=(0, 1, 2))
        kept[self.input][:] |= read & ~self._absorbed(model, found[self.input])

    def without(self, model: Model, masks: Sequence[Mask], found: Sequence[Range]) -> Op:
        """Without the rows and columns of weights that belong to dead channels.

        What a constant input channel adds, (value - zero point) * its weights, goes into the bias.
        `need` has made sure that padding cannot tell the difference.
        """
        reads, writes = masks[self.input], masks[self.output]
        weights, bias, groups = self.weights[writes], self.bias[writes], self.groups
        if groups == 1:
            zero = model.tensors[self.input].quantization.zero_point
            taps = weights[..., ~reads].astype(np.int64).sum(axis=(1, 2))
            bias = bias + taps @ (found[self.input].low[~reads] - zero)
            weights = np.ascontiguousarray(weights[..., reads])
        else:
            groups = int(reads.sum()) // self.weights.shape[3]
        scale = self.weight_scale[writes]
        return replace(self, groups=groups, weights=weights, bias=bias, weight_scale=scale)

    def _absorbed(self, model: Model, x: Range) -> Mask:
        """Input channels, bool [cin], that it can replace by a share of its bias.

        Those that are constant; padding must look the same.
        """
        if not self._reads_padding(model):
            return x.constant
        same: Mask = x.constant & (x.low == model.tensors[self.input].quantization.zero_point)
        return same

    def _reads_padding(self, model: Model) -> bool:
        """Whether any tap of any output pixel lies outside of the input."""
        source, target = (model.tensors[t].shape for t in (self.input, self.output))
        return self.geometry.reads_outside(source, target)

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """Pointwise, ordinary and depthwise layers, some of odd sizes."""
        for outputs, kernel in ((8, 3), (3, 5), (16, 3), (5, 1), (12, 2), (24, 1)):
            draw_conv(sketch, outputs, kernel)
        draw_depthwise(sketch, 3)
        draw_conv(sketch, 8, 1, width=3)
        draw_depthwise(sketch, 5, 2)


def draw_conv(
    sketch: Sketch, outputs: int, kernel: int, stride: int = 1, width: int = 0, groups: int = 1
) -> None:
    """A convolution behind the newest tensor; `width` if its kernel is not square."""
    geometry = sketch.same(kernel, width or kernel, stride)
    shape = (outputs, kernel, width or kernel, sketch.newest.channels // groups)
    weights = sketch.rng.integers(-127, 128, shape).astype(np.int8)
    # of 32 bits, as in files: 1 / 300 itself would have ties, and they kernels of their own
    scale = np.full(outputs, np.float32(0.01 / np.sqrt(weights[0].size)), np.float64)
    bias = sketch.rng.integers(-1000, 1000, outputs).astype(np.int64)
    sketch.add(
        lambda node, x, y: Conv(
            node=node,
            input=x,
            output=y,
            geometry=geometry,
            groups=groups,
            weights=weights,
            weight_scale=scale,
            bias=bias,
            clamp=sketch.some_clamp(),
        ),
        (*sketch.slid(geometry), outputs),
    )


def draw_depthwise(sketch: Sketch, kernel: int, stride: int = 1, width: int = 0) -> None:
    """A depthwise convolution."""
    channels = sketch.newest.channels
    draw_conv(sketch, channels, kernel, stride, width, groups=channels)


def gathered(taps: int) -> int:
    """Bytes of the taps that a portable convolution gathers at a time: few take little room.

    taps: bytes of one pixel. Six pixels of few taps, else two: GATHERED in src/conv.c is the same.
    """
    return (6 if taps <= FEW_TAPS else 2) * taps


def oriented(op: ConvData, columns: bool) -> Values:
    """Weights [output][kernel line][kernel pixel][input]; columns: lines are columns.

    A stage of scheme h_cache is swept column by column: its lines are columns of the map, so the
    kernel is turned with them.
    """
    turned: Values = op.weights.transpose((0, 2, 1, 3) if columns else (0, 1, 2, 3))
    return turned
