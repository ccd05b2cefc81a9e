"""Upsample: every pixel becomes a block of pixels; Resize nearest, DepthToSpace.

Output pixel (y, x) reads input pixel (y // rows, x // columns). Which channels it takes may depend
on its place in the block: that is how DepthToSpace and, with a convolution before it, ConvTranspose
run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np

from msfcnn.ir import (
    Axis,
    Call,
    Clamp,
    CStruct,
    Mask,
    Model,
    Order,
    Range,
    Reads,
    Values,
)
from msfcnn.nodes import (
    UNSET,
    Builder,
    Draft,
    Importer,
    Known,
    Node,
    Unsupported,
    Value,
    View,
    check_size,
)
from msfcnn.ops.base import Unary, register
from msfcnn.ops.channels import keep_all, monotone_range, tie_all
from msfcnn.ops.sketch import Sketch
from msfcnn.ops.sums import SumConstants, sum_constants, weighted_sum

LARGEST_FACTOR = 255


@register
@dataclass(frozen=True)
class Upsample(Unary):
    """Blocks of rows x columns pixels; of the last ones only what is inside the output.

    With the default steps all pixels of a block are equal (Resize nearest). Example: DepthToSpace
    of blocks of 2 in mode CRD takes channels 4c .. 4c + 3: channel_step 4, block_step 1.
    channel_step, block_step: output channel c at place p of its block (row by row) is input channel
    c * channel_step + p * block_step.
    """

    rows: int
    columns: int
    channel_step: int = 1
    block_step: int = 0
    clamp: Clamp = Clamp()
    chooses: ClassVar[bool] = True

    def constants(self, model: Model) -> SumConstants:
        """Those of the change of scale; the identity is exact."""
        source, target = (model.tensors[t].quantization for t in (self.input, self.output))
        return sum_constants(self.node, (source,), target, self.clamp)

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """See Op."""
        height, width, channels = model.tensors[self.output].shape
        x = inputs[0].repeat(self.rows, axis=1).repeat(self.columns, axis=2)[:, :height, :width]
        place = np.arange(height)[:, None] % self.rows * self.columns
        place = place + np.arange(width) % self.columns
        index = np.arange(channels) * self.channel_step + place[..., None] * self.block_step
        index = np.broadcast_to(index, (len(x), *index.shape))
        return weighted_sum(self.constants(model), [np.take_along_axis(x, index, axis=3)])

    def value_range(self, model: Model, inputs: Sequence[Range]) -> Range:
        """See Op."""
        return monotone_range(model, self, inputs)

    def need(self, model: Model, found: Sequence[Range], kept: Sequence[Mask]) -> None:
        """A block whose places take channels of their own needs them all."""
        if self.block_step:
            keep_all(self, kept)
        else:
            tie_all(self, kept)

    def calls(self, model: Model) -> tuple[Call, ...]:
        """See Op."""
        return (
            Call(
                family="upsample",
                inputs=self.inputs,
                source=model.tensors[self.input].shape,
                target=model.tensors[self.output].shape,
                reads=Reads.WINDOW,
                rows=Axis(up=self.rows),
                columns=Axis(up=self.columns),
                channelwise=self.block_step == 0,
            ),
        )

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """Steps from place to place across lines and along a line."""
        k = self.constants(model)
        steps = (self.columns * self.block_step, self.block_step)
        across, along = steps[::-1] if columns else steps
        return CStruct(
            "msfcnn_upsample_t",
            {
                "multiplier": k.multipliers[0],
                "offset": k.offset,
                "shift": k.shift,
                "step_u": across,
                "step_v": along,
                "channel_step": self.channel_step,
            },
        )

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """Almost twice as high and wide, and channels spread over blocks of two by two pixels."""
        height, width, channels = sketch.newest.shape
        height, width = 2 * height - 1, 2 * width - 1
        sketch.add(partial(cls, rows=2, columns=2), (height, width, channels))
        spread = partial(cls, rows=2, columns=2, channel_step=1, block_step=channels // 4)
        sketch.add(spread, (2 * height, 2 * width, channels // 4))


def block_view(known: Known, axis: int, hwc: tuple[int, int, int]) -> View:
    """The view of a map behind a change of size. axis: of the channels in ONNX."""
    rank = len(known.shape)
    order = Order.CHW if axis == 1 else Order.HWC
    sizes = iter(hwc[:2] if rank == 4 else hwc[1:2])
    shape = tuple(1 if i == 0 else hwc[2] if i == axis else next(sizes) for i in range(rank))
    return View(hwc=hwc, shape=shape, flat=order)


def upsampled(
    builder: Builder, node: Node, known: Known, axis: int, op: Upsample, channels: int
) -> Draft:
    """An Upsample of a map, whose values are those of its input.

    axis: of the channels in ONNX. op: without input and output. channels: of the output.
    Raises Unsupported for a map that becomes too large.
    """
    tensor, (height, width, _) = builder.as_map(known, axis, node)
    hwc = (height * op.rows, width * op.columns, channels)
    check_size("its output", hwc)
    source = builder.tensors[tensor]
    return Draft(
        op=replace(op, input=tensor),
        node=node,
        view=block_view(known, axis, hwc),
        origin=node.outputs[0],
        inherited=source.quantization,
        unsigned=source.unsigned,
    )


def channel_axis(known: Known) -> int:
    """Where the channels of a map are: axis 1, or the last one of NHWC."""
    return len(known.shape) - 1 if known.view.flat is Order.HWC else 1


def _depth_to_space(builder: Builder, node: Node) -> Value:
    """Pixels from channels; the two modes of ONNX differ in the order of the channels.

    DCR: input channel place * C + c, C channels being left; CRD: c * places + place. The place in a
    block is counted row by row in both.
    """
    known = builder.activation(node, 0)
    size, channels = node.integer("blocksize", 1), known.shape[1] if len(known.shape) == 4 else 0
    if not 1 <= size <= LARGEST_FACTOR or channels % (size * size) or not channels:
        raise Unsupported(f"its block size {size} does not fit {list(known.shape)}", "export again")
    left = channels // (size * size)
    by_column = node.text("mode", "DCR") == "CRD"
    steps = (size * size, 1) if by_column else (1, left)
    op = Upsample(
        node=node.name,
        input=UNSET,
        output=UNSET,
        rows=size,
        columns=size,
        channel_step=steps[0],
        block_step=steps[1],
    )
    return upsampled(builder, node, known, 1, op, left)


Upsample.importers = (
    Importer(
        kind="DepthToSpace",
        convert=_depth_to_space,
        becomes="Upsample",
        constraints=("[1, C, H, W], both modes",),
    ),
)
