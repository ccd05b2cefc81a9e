"""ConvTranspose: a convolution that computes whole blocks of pixels, whose pixels are then spread.

With stride s, output pixel s * Y + p takes the taps k with k = p + pad (mod s), of input pixels
Y + (p + pad - k) / s: an ordinary convolution for each place p of a block. All of them are one,
with s * s times as many outputs, zeros where a place has no tap.

Example: kernel 4, stride 2, padding 1, the usual upsampling layer. Place 0 takes taps 1 and 3,
place 1 taps 0 and 2: a kernel of 3 pixels with four times the channels, and an Upsample of 2x2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import Geometry
from msfcnn.nodes import (
    UNSET,
    Builder,
    Draft,
    Importer,
    Node,
    Role,
    Spread,
    Unsupported,
    Value,
    bias_units,
    check_size,
    integer_weights,
    map_view,
)
from msfcnn.ops.conv.op import Conv
from msfcnn.ops.conv.wide import as_int8
from msfcnn.ops.upsample import Upsample

LARGEST = 0xFFFF  # of a kernel: uint16 in the tables
LARGEST_STRIDE = 255  # a factor of Upsample: a byte


@dataclass(frozen=True)
class _Axis:
    """How outputs along an axis come from taps: sizes of kernel, stride, padding before, output.

    Padding behind does not appear: `output` says where the last block is cut off.
    """

    kernel: int
    stride: int
    dilation: int
    pad: int
    output: int

    @property
    def taps(self) -> list[tuple[int, int, int]]:
        """(place in the block, offset of the input pixel, tap of the kernel)."""
        found = []
        for place in range(self.stride):
            for tap in range(self.kernel):
                offset, rest = divmod(place + self.pad - tap * self.dilation, self.stride)
                if rest == 0:
                    found.append((place, offset, tap))
        return found

    @property
    def window(self) -> tuple[int, int]:
        """Lowest offset, which is no pixel further on, and how many there are."""
        offsets = [0, *(offset for _, offset, _ in self.taps)]
        return min(offsets), max(offsets) - min(offsets) + 1


def conv_transpose(builder: Builder, node: Node) -> Value:
    """ConvTranspose of a map; of its last blocks only what is inside the output is written.

    The convolution and its Upsample come as one Draft with a Spread: the QuantizeLinear behind the
    node gives both their scale. Raises Unsupported for auto_pad and output_shape, and where
    weights, groups or sizes do not fit.
    """
    known = builder.activation(node, 0)
    rank = len(known.shape)
    if rank not in (3, 4):
        raise Unsupported(f"its input has {rank} axes; images have 4 and lines 3", "use 1-D or 2-D")
    tensor, (height, width, channels) = builder.as_map(known, 1, node)
    constant = builder.constant(node, 1, "weight")
    groups = node.integer("group", 1)
    grouped = groups >= 1 and channels % groups == 0
    if (
        constant is None
        or not grouped
        or constant.stored.ndim != rank
        or constant.shape[0] != channels
    ):
        raise Unsupported(
            "its weights do not fit its input", "the file is damaged; export it again"
        )
    inputs, each = channels // groups, constant.shape[1]
    turned = constant.mapped(lambda v: _turned(v, groups))
    weights, scale = integer_weights(turned)
    kernel = weights.shape[2:]
    axes = _axes(node, (height, width), kernel, rank)
    taps = weights.reshape(*weights.shape[:2], *[1] * (4 - rank), *kernel)
    rows, columns = axes
    blocks = rows.stride * columns.stride
    outputs = groups * each
    spread = _spread(taps, rows, columns)  # [cout, blocks, kernel_h, kernel_w, cin / groups]
    unit = builder.tensors[tensor].quantization.scale * scale
    bias = bias_units(builder.constant(node, 2, "bias"), unit)
    (top, tall), (left, wide) = rows.window, columns.window
    if max(tall, wide) > LARGEST:  # dilations alone can make it so
        raise Unsupported(f"its taps reach over {max(tall, wide)} pixels", f"use up to {LARGEST}")
    size = (-(-rows.output // rows.stride), -(-columns.output // columns.stride))
    geometry = Geometry(
        kernel_h=tall,
        kernel_w=wide,
        pad_top=-top,
        pad_left=-left,
        pad_bottom=max(0, size[0] - 1 + top + tall - height),
        pad_right=max(0, size[1] - 1 + left + wide - width),
    )
    blocked = spread.reshape(outputs * blocks, tall, wide, inputs)
    tensor, stored = as_int8(builder, node, tensor, blocked, groups)
    op = Conv(
        node=node.name,
        input=tensor,
        output=UNSET,
        geometry=geometry,
        groups=groups,
        weights=stored,
        weight_scale=np.repeat(scale, blocks),
        bias=np.repeat(bias, blocks),
    )
    shape = (rows.output, columns.output, outputs)
    check_size("its output", shape)
    view = map_view(shape, rank)
    own = map_view((*size, outputs * blocks), rank)
    if blocks == 1:
        return Draft(op=op, node=node, view=view, origin=node.outputs[0])
    block = Upsample(
        node=node.name,
        input=UNSET,
        output=UNSET,
        rows=rows.stride,
        columns=columns.stride,
        channel_step=blocks,
        block_step=1,
    )
    return Draft(op=op, node=node, view=view, origin=node.outputs[0], spread=Spread(block, own))


def _turned(weights: NDArray[Any], groups: int) -> NDArray[Any]:
    """From ONNX's [cin, cout / groups, ...] to [cout, cin / groups, ...], as Conv has them."""
    inputs, each, *kernel = weights.shape
    grouped = weights.reshape(groups, inputs // groups, each, *kernel)
    turned: NDArray[Any] = grouped.swapaxes(1, 2).reshape(groups * each, inputs // groups, *kernel)
    return turned


def _spread(taps: NDArray[np.int16], rows: _Axis, columns: _Axis) -> NDArray[np.int16]:
    """The taps of the kernel by the output pixel (within a stride) to which they contribute:
    a transposed convolution is `stride` x `stride` ordinary ones.
    """
    outputs, inputs = taps.shape[:2]
    (top, tall), (left, wide) = rows.window, columns.window
    found = np.zeros((outputs, rows.stride, columns.stride, tall, wide, inputs), np.int16)
    for y, dy, i in rows.taps:
        for x, dx, j in columns.taps:
            found[:, y, x, dy - top, dx - left] = taps[:, :, i, j]
    return found


def _axes(
    node: Node, size: tuple[int, int], kernel: tuple[int, ...], rank: int
) -> tuple[_Axis, _Axis]:
    """Rows and columns of a node; rows that do nothing for a network in one dimension.

    size: height and width of the input. Raises Unsupported for attributes out of range.
    """
    dims = rank - 2

    def listed(name: str, default: int, count: int = dims) -> tuple[int, ...]:
        values = node.integers(name) or (default,) * count
        if len(values) != count or min(values) < default:
            hint = f"use {count} values of {default} or more"
            raise Unsupported(f"its {name} are {list(values)}", hint)
        return values

    strides, dilations = listed("strides", 1), listed("dilations", 1)
    pads, extra = listed("pads", 0, 2 * dims), listed("output_padding", 0)
    if node.text("auto_pad", "NOTSET") not in ("NOTSET", "VALID") or node.integers("output_shape"):
        raise Unsupported("its padding is given by output_shape or auto_pad", "use pads")
    found = [_Axis(kernel=1, stride=1, dilation=1, pad=0, output=1)] * (2 - dims)
    for i in range(dims):
        extent = (kernel[i] - 1) * dilations[i] + 1
        length = size[2 - dims + i]
        output = (length - 1) * strides[i] + extent + extra[i] - pads[i] - pads[dims + i]
        if output < 1 or kernel[i] > LARGEST or strides[i] > LARGEST_STRIDE:
            what = f"its kernel {kernel[i]}, stride {strides[i]} or output {output} is out of range"
            hint = (
                f"use a stride of 1 to {LARGEST_STRIDE}, and less padding than the kernel reaches"
            )
            raise Unsupported(what, hint)
        found.append(
            _Axis(
                kernel=kernel[i],
                stride=strides[i],
                dilation=dilations[i],
                pad=pads[i],
                output=output,
            )
        )
    return found[0], found[1]


TRANSPOSED = Importer(
    kind="ConvTranspose",
    convert=conv_transpose,
    becomes="Conv and Upsample",
    constraints=(
        "2-D [1, C, H, W] or 1-D [1, C, W], any stride, padding and grouping",
        "weights as of Conv",
    ),
    role=Role.SPATIAL,
)
