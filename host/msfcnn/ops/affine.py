"""value * factor + summand with constants that differ: from channel to channel, or everywhere.

A depthwise 1x1 convolution does it. Where the constants differ from pixel to pixel (a mask, a mean
image) each element is a channel of one pixel: ten bytes of flash for each, and the only rounding
is that of the result.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from msfcnn.nodes import (
    UNSET,
    Builder,
    Constant,
    Draft,
    Known,
    Node,
    Source,
    Spread,
    Unsupported,
    View,
    fits_channels,
    per_channel,
)
from msfcnn.ops.conv import Conv, scaled_channels
from msfcnn.ops.reshape import Reshape
from msfcnn.ops.select import LONGEST, spread

Reals = NDArray[np.float64]

ONE = Constant(np.ones(1))
ZERO = Constant(np.zeros(1))


def affine(
    builder: Builder, node: Node, known: Known, factor: Constant = ONE, summand: Constant = ZERO
) -> Draft:
    """known * factor + summand.

    Constants are repeated to the shape of the value, and the value to theirs. Raises Unsupported
    for shapes that do not fit, for constants that are not finite or out of all proportion to the
    value, and for more than LONGEST elements where the constants differ from pixel to pixel.
    """
    known = _repeated(builder, node, known, (factor, summand))
    view = known.view
    channelwise = fits_channels(factor, view) and fits_channels(summand, view)
    if channelwise and not (len(view.shape) == 2 and view.shape[0] == 1):
        op = _depthwise(builder, node, known.tensor, view, factor, summand)
        return Draft(op=op, node=node, view=view, origin=node.outputs[0])
    if not channelwise and view.size > LONGEST:
        what = f"works on a constant of {view.size} values"
        raise Unsupported(what, "make it another input of the network, which is filled once")
    tensor, line = builder.as_vector(known, node), view.read_as((1, 1, view.size))
    op = _depthwise(builder, node, tensor, line, factor, summand)
    if line.hwc == view.hwc or channelwise:
        return Draft(op=op, node=node, view=line, origin=node.outputs[0])
    back = Spread(Reshape(node.name, UNSET, UNSET), line)
    return Draft(op=op, node=node, view=view, origin=node.outputs[0], spread=back)


def normalized(
    builder: Builder, node: Node, source: Source, factor: Constant = ONE, summand: Constant = ZERO
) -> Source:
    """A graph input * factor + summand, before anything has quantized it.

    It becomes no op: who fills the input does it (`Port`). Raises Unsupported for constants that
    differ within a channel, and for factors of 0.
    """
    if source.dtype != "float32":
        raise Unsupported("works on integers that did not go through a DequantizeLinear")
    channels = source.view.hwc[2]
    factors, summands = _spread_over(node, source.view, factor, summand)
    if (factors == 0).any():
        raise Unsupported("makes the input 0", "the file is damaged; export it again")
    mean, std = (
        np.broadcast_to(np.array(given or [usual]), (channels,))
        for given, usual in ((source.mean, 0.0), (source.std, 1.0))
    )
    return replace(
        source,
        mean=tuple((mean - summands * std / factors).tolist()),
        std=tuple((std / factors).tolist()),
    )


def _repeated(
    builder: Builder, node: Node, known: Known, constants: tuple[Constant, Constant]
) -> Known:
    """The value in the shape that it and the constants have together."""
    shapes = [c.shape for c in constants if c.stored.size != 1]
    try:
        shape = np.broadcast_shapes(known.shape, *shapes)
    except ValueError:
        what = f"combines a constant of shape {list(shapes[0])} with {list(known.shape)}"
        raise Unsupported(
            what, "use a constant that broadcasts to the shape of the other"
        ) from None
    return spread(builder, node, known, shape)


def _depthwise(
    builder: Builder, node: Node, tensor: int, view: View, factor: Constant, summand: Constant
) -> Conv:
    """The convolution of a tensor whose channels have the constants, read through a view."""
    factors, summands = _spread_over(node, view, factor, summand)
    scale = builder.tensors[tensor].quantization.scale
    return scaled_channels(node, tensor, scale, factors, summands)


def _spread_over(node: Node, view: View, *constants: Constant) -> list[Reals]:
    """Constants as one number for each channel of the tensor behind a view."""
    found = [
        np.broadcast_to(per_channel(constant, view, node).real, (view.hwc[2],))
        for constant in constants
    ]
    if not all(np.isfinite(reals).all() for reals in found):
        what = "works with a constant that is not finite, or divides by 0"
        raise Unsupported(what, "the file is damaged; export it again")
    return found
