"""From the attributes of a Conv or pool to the Geometry of the sweep and the output's extent."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.ir import Geometry
from msfcnn.nodes.builder import Builder
from msfcnn.nodes.node import Node
from msfcnn.nodes.problems import Unsupported
from msfcnn.nodes.values import Known

LARGEST = 0xFFFF  # kernel, stride and dilation are uint16 in the tables
LARGEST_PAD = 0x7FFF  # int16


@dataclass(frozen=True)
class SlidingAxis:
    """A kernel sliding along one axis.

    before, after: padding. after holds exactly what the last position reads, also where ONNX
    declares more than that, or less (ceil_mode).
    surplus: how far the last position reads beyond the padding that ONNX declares.
    """

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    surplus: int
    positions: int

    @property
    def idle(self) -> bool:
        """Whether the kernel at some position sees nothing but padding."""
        starts = range(-self.before, self.positions * self.stride - self.before, self.stride)
        return any(not self._sees(start) for start in starts)

    def _sees(self, start: int) -> bool:
        """Whether one of the taps from here on is inside."""
        skipped = max(0, -(start // self.dilation))  # taps before the first pixel
        return skipped < self.kernel and start + skipped * self.dilation < self.size


@dataclass(frozen=True)
class Sliding:
    """Geometry of a sliding kernel and how many positions it has along both axes."""

    geometry: Geometry
    rows: SlidingAxis
    columns: SlidingAxis

    @property
    def out(self) -> tuple[int, int]:
        """Output height and width."""
        return (self.rows.positions, self.columns.positions)

    @property
    def idle(self) -> bool:
        """Whether the kernel at some position sees nothing but padding."""
        return self.rows.idle or self.columns.idle

    @property
    def surplus(self) -> bool:
        """Whether ceil_mode makes the kernel read beyond the declared padding."""
        return self.rows.surplus > 0 or self.columns.surplus > 0


def spatial_input(builder: Builder, node: Node) -> Known:
    """The map a sliding kernel reads; zeros of a Pad in front may still surround it."""
    known = builder.activation(node, 0, padding=True)
    rank = len(known.shape)
    if rank not in (3, 4):
        what = f"its input has {rank} axes; images have 4 and lines 3"
        raise Unsupported(what, "use a network in one or two dimensions")
    if known.padding and any(known.padding.before[:2] + known.padding.after[:2]):
        return builder.with_zeros(known)
    return known


def slide(
    node: Node, known: Known, size: tuple[int, int], kernel: tuple[int, ...], ceil: bool
) -> Sliding:
    """Geometry of a node over a map of this height and width. kernel: one or two extents."""
    for extent in kernel:
        _check_range("kernel", extent, least=1)
    lines = SlidingAxis(
        size=1, kernel=1, stride=1, dilation=1, before=0, after=0, surplus=0, positions=1
    )  # one row: what a network in one dimension has
    axes = [_axis(node, known, size, kernel, i, ceil) for i in range(len(kernel))]
    rows, columns = axes if len(axes) == 2 else (lines, axes[0])
    return Sliding(_geometry(rows, columns), rows, columns)


def kernel_shape(node: Node, rank: int) -> tuple[int, ...]:
    """The extents of a pool's kernel."""
    kernel = node.integers("kernel_shape")
    if kernel is None or len(kernel) != rank - 2:
        raise Unsupported(f"its kernel has not {rank - 2} extents", "the file is damaged")
    return kernel


def _geometry(rows: SlidingAxis, columns: SlidingAxis) -> Geometry:
    return Geometry(
        kernel_h=rows.kernel,
        kernel_w=columns.kernel,
        stride_h=rows.stride,
        stride_w=columns.stride,
        dilation_h=rows.dilation,
        dilation_w=columns.dilation,
        pad_top=rows.before,
        pad_left=columns.before,
        pad_bottom=rows.after,
        pad_right=columns.after,
    )


def _axis(
    node: Node, known: Known, pixels: tuple[int, int], kernel: tuple[int, ...], i: int, ceil: bool
) -> SlidingAxis:
    """One axis of a kernel: pads with the zeros of a Pad before it, and its positions."""
    rank = len(kernel)
    size = pixels[2 - rank + i]
    stride = _attribute(node, "strides", i, rank)
    dilation = _attribute(node, "dilations", i, rank)
    extent = (kernel[i] - 1) * dilation + 1
    zeros = _zeros(known, i)
    padded = size + sum(zeros)
    before, after = _pads(node, i, rank, padded, extent, stride)
    positions = _positions(padded, before, after, extent, stride, ceil)
    end = (positions - 1) * stride + extent - before  # of the last position, in the padded input
    behind = max(0, end - padded + zeros[1])
    surplus = max(0, end - padded - after)
    for side in (before + zeros[0], behind):
        _check_range("padding", side, least=0, most=LARGEST_PAD)
    return SlidingAxis(
        size=size,
        kernel=kernel[i],
        stride=stride,
        dilation=dilation,
        before=before + zeros[0],
        after=behind,
        surplus=surplus,
        positions=positions,
    )


def _positions(padded: int, before: int, after: int, extent: int, stride: int, ceil: bool) -> int:
    """How many positions a kernel has on an axis. Raises Unsupported if it has none."""
    room = padded + before + after - extent
    positions = room // stride + 1
    # as in onnxruntime and ONNX since opset 22, one that starts behind the map is left out
    if ceil and room % stride and positions * stride < padded + before:
        positions += 1
    if positions < 1:
        what = f"its kernel covers {extent} pixels, but the padded input has only {room + extent}"
        raise Unsupported(what, "use a larger input or a smaller kernel")
    return positions


def _pads(node: Node, i: int, rank: int, padded: int, extent: int, stride: int) -> tuple[int, int]:
    """(before, after) an axis, with auto_pad resolved."""
    mode = node.text("auto_pad", "NOTSET")
    if mode == "VALID":
        return (0, 0)
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        total = max(0, (-(-padded // stride) - 1) * stride + extent - padded)
        smaller, larger = total // 2, total - total // 2
        return (smaller, larger) if mode == "SAME_UPPER" else (larger, smaller)
    if mode != "NOTSET":
        raise Unsupported(f"its auto_pad is {mode}", "use pads, SAME_UPPER, SAME_LOWER or VALID")
    pads = node.integers("pads") or (0,) * (2 * rank)
    if len(pads) != 2 * rank or min(pads) < 0:
        raise Unsupported(f"its pads are {list(pads)}", f"use {2 * rank} values of 0 or more")
    return (pads[i], pads[rank + i])


def _attribute(node: Node, name: str, i: int, rank: int) -> int:
    """One axis of a listed attribute, 1 if it is absent."""
    values = node.integers(name) or (1,) * rank
    if len(values) != rank:
        raise Unsupported(f"its {name} are {list(values)}", f"use {rank} values")
    _check_range(name, values[i], least=1)
    return values[i]


def _zeros(known: Known, i: int) -> tuple[int, int]:
    if known.padding is None:
        return (0, 0)
    return (known.padding.before[2 + i], known.padding.after[2 + i])


def _check_range(name: str, value: int, least: int, most: int = LARGEST) -> None:
    if not least <= value <= most:
        raise Unsupported(f"its {name} of {value} is out of range", f"use {least} to {most}")
