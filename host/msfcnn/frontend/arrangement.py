"""The order of a map's axes: TFLite keeps them as NHWC, ONNX as NCHW."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

TO_NCHW = (0, 3, 1, 2)  # a Transpose from NHWC by this permutation
NCHW_AXIS = (0, 2, 3, 1)  # where an axis of NHWC is in NCHW


class Arrangement(Enum):
    """The axes of an ONNX value: as in the file, or those of a map moved to NCHW.

    Example: axis 3 of the file, the channels, is NCHW.axis(3) == 1 there.
    """

    FILE = "file"
    NCHW = "nchw"

    def axis(self, axis: int) -> int:
        """Where an axis of the file is in this layout."""
        return NCHW_AXIS[axis] if self is Arrangement.NCHW else axis

    def arranged(self, values: Sequence[int]) -> tuple[int, ...]:
        """One number per axis of the file, in the order of this layout."""
        return tuple(values[a] for a in TO_NCHW) if self is Arrangement.NCHW else tuple(values)
