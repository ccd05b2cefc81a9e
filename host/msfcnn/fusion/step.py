"""A step of the network as the engine runs it: a kernel call on whole tensors."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.ir import Axis, Call, Model, Reads, Shape
from msfcnn.isa import Choice

LOAD_OP = -1  # the op of a load: there is none in the model


@dataclass(frozen=True, kw_only=True)
class Step:
    """A kernel call on whole tensors.

    op:         index into `Model.ops`; LOAD_OP for a load.
    call:       the facts about it. Where a sum reads two tensors, its first input is the younger.
    x, y, z:    tensors read and written; views share an index. y is the older operand of two.
    z_channels: how many channels a pixel of z has.
    kernels:    C functions for it.
    clamps:     to less than int8.
    copies:     writes the very bytes that it reads.
    """

    op: int
    call: Call
    x: int
    y: int | None
    z: int
    z_channels: int
    kernels: Choice
    clamps: bool = False
    copies: bool = False

    @property
    def part(self) -> int:
        """Number of the call in its op."""
        return self.call.part

    @property
    def family(self) -> str:
        """Kernel family, "load" for a load."""
        return self.call.family

    @property
    def reads(self) -> Reads:
        """What the step looks at."""
        return self.call.reads

    @property
    def loads(self) -> bool:
        """Whether it brings a pushed or pulled image."""
        return self.call.reads is Reads.LOAD

    @property
    def source(self) -> Shape:
        """(height, width, channels) of x as this step sees it."""
        return self.call.source

    @property
    def target(self) -> Shape:
        """Likewise of what it writes."""
        return self.call.target

    @property
    def rows(self) -> Axis:
        """The kernel across rows."""
        return self.call.rows

    @property
    def columns(self) -> Axis:
        """The kernel across columns."""
        return self.call.columns

    @property
    def channel(self) -> int:
        """First channel written of z."""
        return self.call.channel

    @property
    def in_place(self) -> bool:
        """Whether it reads each byte before it writes it."""
        return self.call.in_place

    @property
    def channelwise(self) -> bool:
        """Whether each output channel depends on the same input channel only."""
        return self.call.channelwise

    @property
    def multiplier(self) -> int:
        """Output channels of a group."""
        return self.call.multiplier

    @property
    def macs_per_pixel(self) -> int:
        """Multiply-accumulates of an output pixel, padding counted."""
        return self.call.macs

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the whole output."""
        return self.target[0] * self.target[1] * self.macs_per_pixel

    @property
    def partial(self) -> bool:
        """Whether it writes some channels of a concatenation only."""
        return self.target[2] != self.z_channels

    @property
    def likes_planes(self) -> bool:
        """Whether its kernel is faster where its window holds channel after channel."""
        return self.call.planar and self.reads is Reads.WINDOW

    @property
    def heads_split(self) -> bool:
        """Whether it can compute any group of its output channels from all of its input."""
        return self.macs_per_pixel > 0 and self.call.depth == self.source[2]

    @property
    def result(self) -> Shape:
        """(height, width, channels) of the whole tensor that it writes, or a part of it."""
        return (*self.target[:2], self.z_channels)

    def shape_of(self, tensor: int) -> Shape:
        """(height, width, channels) of an input as this step sees it; a view may see another."""
        if self.call.broadcast and tensor == self.y:
            return (1, 1, self.source[2])
        return self.source

    def axes(self, columns: bool) -> tuple[Axis, Axis]:
        """Its kernel across lines and along a line; lines may be columns."""
        return (self.columns, self.rows) if columns else (self.rows, self.columns)

    def inputs(self) -> tuple[int, ...]:
        """Tensors of the network that it reads; a load reads none."""
        if self.loads:
            return ()
        return (self.x,) if self.y is None else (self.x, self.y)


def node_of(model: Model, step: Step) -> str:
    """The ONNX node of a step, as Netron shows it."""
    return "load" if step.loads else model.ops[step.op].node
