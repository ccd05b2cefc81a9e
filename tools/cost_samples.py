"""Networks with many shapes of every op, to fit the cost model with: chains of random weights."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from msfcnn.ir import Model, Op
from msfcnn.ops import (
    Add,
    AveragePool,
    GlobalAveragePool,
    MaxPool,
    Sketch,
    Softmax,
    draw_conv,
    draw_depthwise,
)

LARGE = 40  # pixels; of ops that make maps larger a few layers must do


def alone(op: type[Op]) -> Model:
    """Layers of one op at several widths."""
    net = Sketch((4, 21, 3))
    for outputs in (8, 24, 64, 20):
        draw_conv(net, outputs, 1)
        op.sample(net)
        if net.newest.width > LARGE:
            break
    return net.model(op.__name__.lower())


def tied() -> Model:
    """Sums of which half lie exactly between two outputs, at several widths."""
    net = Sketch((4, 21, 3))
    for outputs in (8, 24, 64, 20):
        draw_conv(net, outputs, 1)
        draw_conv(net, outputs, 1)
        alike = net.newest.quantization
        # two inputs of one scale, an output of twice that
        net.add(
            lambda node, x, y: Add(node, net.twin(x), x, y),
            net.newest.shape,
            replace(alike, scale=2 * alike.scale),
        )
    return net.model("tied")


def _pool(net: Sketch, op: type[MaxPool | AveragePool], kernel: int) -> None:
    """A pool of stride 1."""
    net.add(partial(op, geometry=net.same(kernel, kernel, 1)), net.newest.shape)


def layers() -> Model:
    """Every op but depthwise, alone."""
    net = Sketch((4, 21, 3))
    for outputs, kernel in ((8, 3), (16, 3), (3, 5), (16, 3), (40, 3), (12, 2)):
        draw_conv(net, outputs, kernel)
    draw_conv(net, 8, 1, width=3)
    for outputs in (48, 8, 16, 4, 24, 64, 20, 96, 32, 160, 64, 320, 24, 12):
        draw_conv(net, outputs, 1)
        if outputs in (8, 24, 64):
            Add.sample(net)
            _pool(net, MaxPool, 3)
            _pool(net, AveragePool, 2)
        if outputs in (64, 20):
            _pool(net, MaxPool, 2)
            _pool(net, AveragePool, 3)
    Softmax.sample(net)
    draw_conv(net, 32, 3, 2)
    GlobalAveragePool.sample(net)
    for outputs in (200, 24, 10):
        draw_conv(net, outputs, 1)
    Softmax.sample(net)
    return net.model("layers")


def odd() -> Model:
    """Convolutions whose inputs and outputs do not come in fours."""
    net = Sketch((4, 21, 3))
    draw_conv(net, 7, 3)
    for outputs in (11, 11, 5, 30, 8, 6, 48, 11, 66, 22, 132, 57, 15, 25, 2, 106, 60, 31):
        draw_conv(net, outputs, 1)
    draw_conv(net, 9, 3)
    draw_conv(net, 10, 3)
    return net.model("odd")


def averages() -> Model:
    """Global averages, each behind a pointwise layer."""
    net = Sketch((6, 13, 8))
    draw_conv(net, 40, 1)
    GlobalAveragePool.sample(net)
    return net.model("averages")


def pairs() -> Model:
    """Pointwise and depthwise layers in turn."""
    net = Sketch((20, 41, 8))
    wide = ((3, 1, 8), (3, 1, 24), (5, 1, 8), (7, 1, 8), (3, 2, 16))
    middle = ((3, 1, 48), (5, 1, 24), (7, 1, 24), (4, 1, 16), (5, 2, 24))
    narrow = ((3, 1, 64), (5, 1, 40), (7, 1, 40), (4, 1, 40), (3, 1, 128), (2, 1, 24), (7, 2, 16))
    last = ((3, 1, 96), (5, 1, 64), (3, 2, 48))
    for kernel, stride, channels in (*wide, *middle, *narrow, *last):
        draw_conv(net, channels, 1)
        draw_depthwise(net, kernel, stride)
    draw_conv(net, 8, 1)
    return net.model("pairs")


def strided() -> Model:
    """Likewise, depthwise layers of stride 2."""
    net = Sketch((42, 81, 4))
    for kernel, channels in ((5, 8), (7, 16), (3, 40), (7, 48)):
        draw_conv(net, channels, 1)
        draw_depthwise(net, kernel, 2)
    draw_conv(net, 8, 1)
    return net.model("strided")
