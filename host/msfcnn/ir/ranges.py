"""Bounds of the values that each channel of a tensor can take, whatever the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Range:
    """Bounds of a tensor's values, int64 [channels] each: no pixel of any image lies outside.

    Not every value between them need occur.
    """

    low: NDArray[np.int64]
    high: NDArray[np.int64]

    @property
    def constant(self) -> Mask:
        """Per channel: whether all pixels of all images have one value, which is `low`."""
        same: Mask = self.low == self.high
        return same


def anything(channels: int) -> Range:
    """Every int8 value, in every channel."""
    return Range(np.full(channels, -128), np.full(channels, 127))
