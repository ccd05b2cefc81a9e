"""How a graph input lies in memory: the caller's order, or the one its first reader needs.

Inputs are the only tensors whose order we may choose. A network for [1, H, W, C] images starts
with a Transpose; then we keep the image as it comes, which is the order of our tensors anyway.
Likewise a vector that is reshaped to an image before the first op simply is an image.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from msfcnn.frontend.onnx.support import SUPPORTED
from msfcnn.ir import Order
from msfcnn.nodes import HWC, Border, Graph, Node, Role, View, offsets

LARGEST = 2**24  # elements of a padded input; larger ones are refused by the Pad's importer
PADDING = -1  # instead of the number of an element: zeros around it change no order


def input_view(graph: Graph, border: Border) -> View:
    """The view of a graph input under which the first op that mixes channels finds them innermost.

    That is one that slides over it, or a MatMul along its last axis. The input's elements are
    numbered and followed through nodes that only move them; what that op then sees says which of
    the two orders of an image the numbers are in.
    """
    shape = tuple(d for d in border.shape if d is not None)
    seen = {border.name: np.arange(math.prod(shape), dtype=np.int32).reshape(shape)}
    turned = None  # what the first Transpose makes of it, for networks without a spatial op
    for node in graph.nodes:
        name = next((n for n in node.inputs if n in seen), None)
        if name is None:
            continue
        if _role(node) is Role.SPATIAL:
            return _matching(shape, seen[name]) or _usual(shape)
        if _role(node) is Role.LAST_AXIS and seen[name].ndim > 2:
            return _matching(shape, np.moveaxis(seen[name], -1, 1)) or _usual(shape)
        moved = _moved(node, seen[name], graph)
        if moved is not None:
            seen[node.outputs[0]] = moved
            if node.kind == "Transpose" and turned is None:
                turned = moved
    return (None if turned is None else _matching(shape, turned)) or _usual(shape)


def _role(node: Node) -> Role:
    """What a node does to the order of elements; OTHER for operators that are not supported."""
    return SUPPORTED[node.kind].role if node.kind in SUPPORTED else Role.OTHER


def _moved(node: Node, values: NDArray[np.int32], graph: Graph) -> NDArray[np.int32] | None:
    """Where the elements of the input are behind a node that only moves them; None if it does
    more.
    """
    if node.kind == "Pad":
        return _padded(node, values, graph)
    if _role(node) is Role.ELEMENTWISE:
        return values
    if node.kind == "Transpose":
        perm = node.integers("perm") or tuple(reversed(range(values.ndim)))
        return values.transpose(perm) if sorted(perm) == list(range(values.ndim)) else None
    target = graph.static_shape(node.outputs[0])
    if _role(node) is Role.RESHAPES and target is not None and math.prod(target) == values.size:
        return values.reshape(target)
    return None


def _padded(node: Node, values: NDArray[np.int32], graph: Graph) -> NDArray[np.int32] | None:
    """With PADDING around; None if the amounts are not known, huge, or of some axes only."""
    amounts = graph.initializers.get(node.inputs[1]) if len(node.inputs) > 1 else None
    if amounts is None or amounts.size != 2 * values.ndim or amounts.min() < 0:
        return None
    sides = amounts.reshape(2, -1).T.tolist()
    if math.prod(n + sum(pair) for n, pair in zip(values.shape, sides, strict=True)) > LARGEST:
        return None
    return np.pad(values, sides, constant_values=PADDING)


def _without_padding(values: NDArray[np.int32]) -> NDArray[np.int32]:
    """The values within the padding."""
    inside = np.nonzero(values != PADDING)
    if not inside[0].size:
        return values
    return values[tuple(slice(int(i.min()), int(i.max()) + 1) for i in inside)]


def _matching(shape: tuple[int, ...], read: NDArray[np.int32]) -> View | None:
    """The view under which `read` are the channels of pixels; None if it is no such order.

    read: for each element that the spatial op sees, its index in the graph input.
    """
    read = _without_padding(read)
    if read.ndim not in (3, 4) or read.shape[0] != 1:
        return None
    channels, *pixels = read.shape[1:]
    hwc: HWC = (pixels[0] if len(pixels) == 2 else 1, pixels[-1], channels)
    # element by element of the tensor (HWC), its index in the input
    inner = np.ascontiguousarray(read.reshape(channels, -1).T).ravel()
    for order in (Order.CHW, Order.HWC):
        wanted = np.argsort(offsets(hwc, order)) if order is Order.CHW else offsets(hwc, order)
        if np.array_equal(inner, wanted):
            return View(hwc=hwc, shape=shape, flat=order)
    return None


def _usual(shape: tuple[int, ...]) -> View:
    """How a shape is read where nothing in the network says it: NCHW, a sequence, or a vector."""
    size = math.prod(shape)
    if len(shape) in (3, 4):
        height = shape[2] if len(shape) == 4 else 1
        return View(hwc=(height, shape[-1], shape[1]), shape=shape)
    return View(hwc=(1, 1, size), shape=shape)
