"""Constants that differ from pixel to pixel, such as coordinates joined to a map, as tensors.

No op writes a constant, so a convolution does: one pixel of one channel in, weights of zero, and
the constants as biases. That takes ten bytes of flash for each element.
"""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import Geometry, Order, Quantization
from msfcnn.nodes import (
    UNSET,
    Builder,
    Constant,
    Draft,
    Known,
    Node,
    Unsupported,
    View,
)
from msfcnn.ops.conv import Conv
from msfcnn.ops.select.moving import LONGEST, moved


def constant_map(
    builder: Builder,
    node: Node,
    beside: Known,
    constant: Constant,
    quantization: Quantization | None = None,
) -> Known:
    """A constant as an activation, in the order of the value beside it.

    quantization: by default that of what the node makes of it, as ONNX rounds only that; where none
    is in sight, one that covers the constant and 0. Raises Unsupported for more than LONGEST
    elements, for values that are not finite, and for shapes that are no map or vector of batch 1.
    """
    reals = constant.real
    if reals.size == 0 or reals.size > LONGEST or not np.isfinite(reals).all():
        what = f"works on a constant of {reals.size} values"
        raise Unsupported(what, "make it another input of the network, which is filled once")
    last = beside.view.flat is Order.HWC and reals.ndim > 2
    read = np.moveaxis(reals, 1, -1) if reals.ndim > 2 and not last else reals
    height, width = ([1, 1, *read.shape[1:-1]])[-2:]
    hwc = (int(height), int(width), int(read.shape[-1]))
    if reals.ndim not in (2, 3, 4) or np.prod(hwc) != reals.size:
        what = f"works on a constant of shape {list(reals.shape)}"
        raise Unsupported(what, "use [1, C, H, W], [1, C, W] or [1, N]")
    wanted = quantization or builder.quantization_ahead(node) or covering(reals)
    line = _written(builder, node, beside, read.ravel(), wanted)
    shape = tuple(int(n) for n in reals.shape)
    view = View(hwc=hwc, shape=shape, flat=Order.HWC if last else Order.CHW)
    return Known(builder.with_shape(line, hwc, node), view, real=True)


def covering(reals: NDArray[np.float64]) -> Quantization:
    """A quantization that holds these values and 0."""
    low, high = min(0.0, float(reals.min())), max(0.0, float(reals.max()))
    scale = (high - low) / 255 or 1.0
    return Quantization(scale, int(np.rint(-128 - low / scale)))


def _written(
    builder: Builder,
    node: Node,
    beside: Known,
    values: NDArray[np.float64],
    quantization: Quantization,
) -> int:
    """A tensor of one pixel that holds these values.

    beside: any activation, of which one element is read. Its value does not matter, its weight is
    0; but an op must read something, and be run again for each image.
    """
    first = beside.view.positions().reshape(-1)[:1].reshape(1, 1)
    pixel = moved(builder, replace(beside, padding=None), first, (1,), node)
    assert pixel is not None
    unit = quantization.scale  # that of the sums: a bias is then the stored value itself
    op = Conv(
        node=node.name,
        input=builder.as_vector(pixel, node),
        output=UNSET,
        geometry=Geometry(kernel_h=1, kernel_w=1),
        groups=1,
        weights=np.zeros((values.size, 1, 1, 1), np.int8),
        weight_scale=np.full(values.size, unit / builder.tensors[pixel.tensor].quantization.scale),
        bias=np.rint(values / unit).astype(np.int64),
    )
    # a node may have several; equal ones are one tensor
    label = f"{node.outputs[0]}:constants {zlib.crc32(values.tobytes()):08x}"
    view = View(hwc=(1, 1, values.size), shape=(1, values.size))
    draft = Draft(op=op, node=node, view=view, origin=label)
    return builder.finish(draft, label, quantization, False).tensor
