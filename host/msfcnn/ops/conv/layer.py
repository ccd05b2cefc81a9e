"""The data of a convolution.

Apart from the op, so that constants and reference can be written without it; op.py derives from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import Clamp, Geometry
from msfcnn.ops.base import Unary


@dataclass(frozen=True, eq=False)
class ConvData(Unary):
    """A convolution as data.

    weights:      int8 [cout, kernel_h, kernel_w, cin / groups], symmetric.
    weight_scale: float64 [cout].
    bias:         int64 [cout], in units of input scale * weight_scale, zero point not folded.
    Output channel o reads the input channels of group o // (cout / groups).
    """

    geometry: Geometry
    groups: int
    weights: NDArray[np.int8]
    weight_scale: NDArray[np.float64]
    bias: NDArray[np.int64]
    clamp: Clamp = Clamp()

    @property
    def depthwise(self) -> bool:
        """One input channel per group (with or without a depth multiplier).

        A convolution of one channel in one group is an ordinary one.
        """
        return self.groups > 1 and self.weights.shape[3] == 1

    @property
    def pointwise(self) -> bool:
        """Whether it reads exactly the pixel it computes, all channels of it; dense layers, too."""
        g = self.geometry
        plain = (g.kernel_h, g.kernel_w, g.stride_h, g.stride_w) == (1, 1, 1, 1)
        return plain and not g.padded and self.groups == 1

    @property
    def taps(self) -> int:
        """Weights of an output channel: kernel_h * kernel_w * input channels of a group."""
        return int(np.prod(self.weights.shape[1:]))

    @property
    def source_channels(self) -> NDArray[np.int64]:
        """Which input channel each weight reads, [cout, cin / groups]."""
        outputs, depth = len(self.weights), self.weights.shape[3]
        group = np.arange(outputs) // (outputs // self.groups)
        sources: NDArray[np.int64] = group[:, None] * depth + np.arange(depth)
        return sources
