"""How the elements of an ONNX value lie in a tensor that we keep as height x width x channels.

Transpose, Reshape and Flatten move no bytes here: they change the view. Only where an op needs
an order that the bytes do not have is there anything to report.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import Order
from msfcnn.nodes.node import Node

HWC = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class View:
    """An ONNX value of some shape as a view of a tensor's bytes.

    hwc:     height, width and channels of the tensor.
    shape:   shape of the ONNX value.
    flat:    order in which ONNX counts the elements; where it is neither CHW nor HWC, the
             byte offset of each element. Arrays are kept only for those rare cases: the maps
             of a network would otherwise need four bytes for each of their elements.
    by:      the last node that changed the view, to name it if nothing can be done with it.
    assumed: the layout is a guess made behind an unsupported node.
    """

    hwc: HWC
    shape: tuple[int, ...]
    flat: Order | NDArray[np.int32] = Order.CHW
    by: Node | None = None
    assumed: bool = False

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.hwc)

    def positions(self) -> NDArray[np.int32]:
        """The byte offset of each element, in the ONNX shape."""
        flat = offsets(self.hwc, self.flat) if isinstance(self.flat, Order) else self.flat
        return flat.reshape(self.shape)

    def reshaped(self, shape: tuple[int, ...], by: Node | None) -> View:
        """The same elements in the same order under another ONNX shape."""
        return replace(self, shape=shape, by=self.by if shape == self.shape else by)

    def transposed(self, perm: tuple[int, ...], by: Node | None) -> View:
        """The view behind a Transpose."""
        shape = tuple(self.shape[axis] for axis in perm)
        moved = [axis for axis in perm if self.shape[axis] > 1]
        if moved == sorted(moved):
            return replace(self, shape=shape, by=by)
        flat = np.ascontiguousarray(self.positions().transpose(perm)).ravel()
        return replace(self, shape=shape, flat=named_order(self.hwc, flat), by=by)

    def read_as(self, hwc: HWC) -> View:
        """The same value as a view of the same bytes with another height, width and channels."""
        if hwc == self.hwc:
            return self
        return replace(self, hwc=hwc, flat=named_order(hwc, self.positions().ravel()))

    def as_map(self, channel_axis: int) -> HWC | None:
        """Height, width and channels under which the bytes are this value, channels innermost.

        None if the value has no such reading without moving bytes.
        """
        rank = len(self.shape)
        if rank not in (2, 3, 4) or self.shape[0] != 1 or not 1 <= channel_axis < rank:
            return None
        axes = [axis for axis in range(1, rank) if axis != channel_axis]
        pixels = [1] * (4 - rank) + [self.shape[axis] for axis in axes]
        wanted = (pixels[0], pixels[1], self.shape[channel_axis])
        order = {1: Order.CHW, rank - 1: Order.HWC}.get(channel_axis)
        if self.hwc == wanted and self.flat is order and order is not None:
            return wanted
        read = self.positions().transpose([0, *axes, channel_axis]).ravel()
        return wanted if np.array_equal(read, offsets(wanted, Order.HWC)) else None

    def same_elements(self, other: View) -> bool:
        """Whether equal ONNX indices mean equal byte offsets."""
        if self.shape != other.shape:
            return False
        if self.hwc == other.hwc and self.flat is other.flat:
            return True
        return np.array_equal(self.positions(), other.positions())

    def in_order_of(self, other: View) -> View:
        """The elements as a vector, in the order in which another of the shape has them."""
        order = np.argsort(other.positions().ravel())
        return replace(self, shape=(1, self.size), flat=self.positions().ravel()[order])


def map_view(hwc: HWC, rank: int) -> View:
    """The usual view of a map: [1, C, H, W], or [1, C, W] for networks in one dimension."""
    height, width, channels = hwc
    return View(hwc=hwc, shape=(1, channels, height, width) if rank == 4 else (1, channels, width))


def view_with_channels(hwc: HWC, rank: int, axis: int) -> View:
    """A map as an ONNX value of 2 to 4 axes, batch included, whose channels are at an axis."""
    if rank == 2:
        return View(hwc=hwc, shape=(1, hwc[2]))
    pixels = hwc[:2] if rank == 4 else hwc[1:2]
    flat = np.arange(math.prod(hwc), dtype=np.int32).reshape(1, *pixels, hwc[2])
    turned = np.moveaxis(flat, -1, axis)
    shape = tuple(int(n) for n in turned.shape)
    known = {1: Order.CHW, rank - 1: Order.HWC}.get(axis)
    if known is not None:
        return View(hwc=hwc, shape=shape, flat=known)
    return View(hwc=hwc, shape=shape, flat=named_order(hwc, np.ascontiguousarray(turned).ravel()))


def offsets(hwc: HWC, order: Order) -> NDArray[np.int32]:
    """Byte offsets in an HWC tensor, listed in the given order."""
    listed = np.arange(math.prod(hwc), dtype=np.int32)
    if order is Order.CHW:
        listed = np.ascontiguousarray(listed.reshape(hwc).transpose(2, 0, 1)).ravel()
    return listed


def named_order(hwc: HWC, flat: NDArray[np.int32]) -> Order | NDArray[np.int32]:
    """The order that byte offsets of all elements amount to; the offsets if they are none."""
    for order in (Order.CHW, Order.HWC):
        if np.array_equal(flat, offsets(hwc, order)):
            return order
    return flat
