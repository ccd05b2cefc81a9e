"""The kernels of an op for an instruction set.

An op has two: one for its place inside a stage, where it reads windows, and one for the first
place, where it reads a whole tensor, pixel by pixel. They differ where a kernel wants planar
lines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from msfcnn.ir import (
    Add,
    AveragePool,
    Concat,
    Conv,
    GlobalAveragePool,
    MaxPool,
    Model,
    Op,
    Requantize,
    Reshape,
    Softmax,
)
from msfcnn.isa import armv7em
from msfcnn.numerics import conv_constants

GENERIC = "generic"
ARMV7EM = "armv7e-m"
ISAS = (GENERIC, ARMV7EM)
BLOCK = 4  # output channels that kernels compute together

_ALIGN = 4
_FEW_TAPS = 32  # as src/conv.c says

_DEPTHWISE = "msfcnn_depthwise"
_POINTWISE = "msfcnn_pointwise"
_CONV = "msfcnn_conv"
_NAMES = {
    MaxPool: "max_pool",
    AveragePool: "average_pool",
    GlobalAveragePool: "global_average",
    Requantize: "rescale",
    Concat: "rescale",
    Add: "add",
    Softmax: "softmax",
}


@dataclass(frozen=True)
class Kernel:
    """A C function of the engine: its name, and the bytes of scratch it needs (aligned to 4).

    words: if its constants are packed for the instruction set, what msfcnn_op_t says of them.
    """

    name: str
    scratch: int = 0
    words: int = 0

    @property
    def packed(self) -> bool:
        """Whether its constants are packed for the instruction set."""
        return self.words > 0


@dataclass(frozen=True)
class Choice:
    """The kernels of an op inside a stage and at its beginning."""

    inner: Kernel
    first: Kernel


def choose(model: Model, op: Op, isa: str) -> Choice:
    """The kernels of an op; what an instruction set cannot do exactly stays portable."""
    portable = _portable(op, isa)
    if isa != ARMV7EM:
        return Choice(portable, portable)
    if isinstance(op, Conv):
        return _armv7em_conv(model, op, portable)
    fast = _ARMV7EM.get(portable.name)
    kernel = portable if fast is None else Kernel(fast)
    return Choice(kernel, kernel)


_ARMV7EM = {
    f"msfcnn_{name}": f"msfcnn_{name}_v7em"
    for name in ("add", "max_pool", "average_pool", "global_average")
}
_DEPTHWISE_PLANAR = "msfcnn_depthwise_v7em"
_DEPTHWISE_INTERLEAVED = "msfcnn_depthwise_interleaved_v7em"
_POINTWISE_PACKED = "msfcnn_pointwise_v7em"
_CONV_PACKED = "msfcnn_conv_v7em"
_ARMV7EM_CONVS = {_DEPTHWISE_PLANAR, _DEPTHWISE_INTERLEAVED, _POINTWISE_PACKED, _CONV_PACKED}


def names(isa: str) -> frozenset[str]:
    """All kernels that `choose` may return for an instruction set."""
    portable = {_DEPTHWISE, _POINTWISE, _CONV, *(f"msfcnn_{name}" for name in _NAMES.values())}
    if isa != ARMV7EM:
        return frozenset(portable)
    rest = portable - {_POINTWISE}
    return frozenset({_ARMV7EM.get(name, name) for name in rest} | _ARMV7EM_CONVS)


def _portable(op: Op, isa: str) -> Kernel:
    if isinstance(op, Conv):
        if op.depthwise:
            return Kernel(_DEPTHWISE)
        if is_pointwise(op) and isa == GENERIC:  # too rare elsewhere to spend code on
            return Kernel(_POINTWISE)
        return Kernel(_CONV, _aligned(gathered(_taps(op)) * _taps(op)))
    assert not isinstance(op, Reshape), "a reshape has no kernel"
    return Kernel(f"msfcnn_{_NAMES[type(op)]}")


def _armv7em_conv(model: Model, op: Conv, portable: Kernel) -> Choice:
    constants = conv_constants(model, op)
    if op.depthwise:
        g = op.geometry
        square = (g.kernel_h, g.stride_h, g.dilation_h) == (g.kernel_w, g.stride_w, g.dilation_w)
        if not square or len(op.weights) != op.groups:
            return Choice(portable, portable)
        planes = armv7em.pack_depthwise(op.weights, constants, g.stride_w, g.dilation_w)
        if planes is None:
            return Choice(portable, portable)
        words, shape = planes.words_per_channel, (g.kernel_h, g.kernel_w, g.stride_w)
        return Choice(
            _depthwise(_DEPTHWISE_PLANAR, words, shape, planar=True),
            _depthwise(_DEPTHWISE_INTERLEAVED, words, shape, planar=False),
        )
    if op.groups > 1:
        return Choice(portable, portable)
    blocks = armv7em.pack_conv(op.weights, constants, several_pixels(model, op))
    if blocks is None:
        return Choice(portable, portable)
    if is_pointwise(op):
        scratch = armv7em.pointwise_scratch(blocks, _taps(op))
        kernel = Kernel(_POINTWISE_PACKED, _aligned(scratch), blocks.taps)
        return Choice(kernel, kernel)
    _, height, width, depth = op.weights.shape
    # lines may be rows or columns
    scratch = max(
        armv7em.conv_scratch(blocks, height, width * depth),
        armv7em.conv_scratch(blocks, width, height * depth),
    )
    kernel = Kernel(_CONV_PACKED, _aligned(scratch), blocks.taps)
    return Choice(kernel, kernel)


def _depthwise(name: str, words: int, shape: tuple[int, int, int], planar: bool) -> Kernel:
    """A packed kernel; words: of a channel, shape: kernel lines and pixels, stride."""
    return Kernel(name, _aligned(armv7em.depthwise_scratch(*shape, planar)), words)


def several_pixels(model: Model, op: Conv) -> bool:
    """Whether two pixels of its output can be computed together."""
    output = model.tensors[op.output]
    return output.height * output.width > 1


def is_pointwise(op: Conv) -> bool:
    """Whether a convolution reads exactly the pixel it computes, all channels of it."""
    g = op.geometry
    plain = (g.kernel_h, g.kernel_w, g.stride_h, g.stride_w) == (1, 1, 1, 1)
    return plain and not g.padded and op.groups == 1


def gathered(taps: int) -> int:
    """Pixels whose taps a portable convolution gathers at a time: few take little room."""
    return 6 if taps <= _FEW_TAPS else 2


def _taps(op: Conv) -> int:
    return int(np.prod(op.weights.shape[1:]))


def _aligned(size: int) -> int:
    return -(-size // _ALIGN) * _ALIGN
