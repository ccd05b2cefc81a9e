"""The ways to run steps as one stage: the options of a fusion edge."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from msfcnn.options import DEFAULT_RUN as DEFAULT_RUN


class Scheme(Enum):
    """How a stage runs: a single op, a row sweep, or column sweeps in bands."""

    LAYER = "layer"
    LINE = "line"
    H_CACHE = "h_cache"


@dataclass(frozen=True)
class Option:
    """One way to run the steps of an edge.

    band:  output pixels of a line that a sweep computes: all for a row sweep, rows for a column
           sweep.
    keep:  inner tensors whose halo is kept from band to band.
    split: output channels of a pass; 0 for all at once.
    run:   pixels a kernel call computes at most.
    tight: whether windows hold one line less and save what is overwritten.
    lean:  whether kernels do with the least scratch they can, pixel by pixel.
    """

    scheme: Scheme
    band: int
    keep: frozenset[int] = frozenset()
    split: int = 0
    run: int = DEFAULT_RUN
    tight: bool = True
    lean: bool = False

    @property
    def columns(self) -> bool:
        """Whether lines are columns."""
        return self.scheme is Scheme.H_CACHE
