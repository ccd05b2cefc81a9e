"""Sliding windows in the NumPy reference: padding and taps.

Slow and obvious on purpose: this is what the C kernels, with their line buffers and runs, are
compared with.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import Geometry, Shape, Values


def pad(g: Geometry, x: Values, target: Shape, value: int) -> Values:
    """Padding to exactly what the output's pixels read, whatever the bottom padding says.

    x: int8 [n, H, W, C]; target: of the output; value: the stored value that stands for padding.
    Rows and columns of x that no output pixel reads are kept: `taps` does not reach them.
    """
    bottom = (target[0] - 1) * g.stride_h + g.extent_h - g.pad_top - x.shape[1]
    right = (target[1] - 1) * g.stride_w + g.extent_w - g.pad_left - x.shape[2]
    edges = ((0, 0), (g.pad_top, max(0, bottom)), (g.pad_left, max(0, right)), (0, 0))
    return np.pad(x, edges, constant_values=value)


def taps(g: Geometry, padded: Values, target: Shape) -> Iterator[Values]:
    """For each tap of the kernel the input pixel it reads at every output pixel.

    Yields kernel_h * kernel_w views [n, h, w, C] of `padded`, row by row of the kernel: the order
    in which weights [cout, kernel_h, kernel_w, ...] are flattened.
    """
    for i in range(g.kernel_h):
        for j in range(g.kernel_w):
            y, x = i * g.dilation_h, j * g.dilation_w
            yield padded[
                :,
                y : y + (target[0] - 1) * g.stride_h + 1 : g.stride_h,
                x : x + (target[1] - 1) * g.stride_w + 1 : g.stride_w,
            ]


def pixels_inside(g: Geometry, extent: tuple[int, ...], target: Shape) -> NDArray[np.int64]:
    """How many taps of each output pixel are no padding, [1, h, w, 1]; extent: of the input.

    What a mean without counted padding divides by (count_include_pad = 0 of AveragePool).
    """
    ones = pad(g, np.ones((1, *extent, 1), dtype=np.int8), target, 0)
    return reduce(np.add, (tap.astype(np.int64) for tap in taps(g, ones, target)))
