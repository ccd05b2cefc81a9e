"""The ways to run a chain as one stage: the options of a fusion edge."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from msfcnn.fusion.chains import Chain
from msfcnn.ir import Axis, Reads
from msfcnn.options import DEFAULT_RUN as DEFAULT_RUN


class Scheme(Enum):
    """How a stage runs: a single op, a row sweep, or column sweeps in bands."""

    LAYER = "layer"
    LINE = "line"
    H_CACHE = "h_cache"


@dataclass(frozen=True)
class Option:
    """One way to run a chain.

    band:  output pixels of a line that a sweep computes: all for a row sweep, rows for a column
           sweep.
    keep:  inner tensors (counted along the chain) whose halo is kept from band to band.
    split: output channels of a pass; 0 for all at once.
    run:   pixels a kernel call computes at most.
    tight: whether windows hold one line less and save what is overwritten.
    """

    scheme: Scheme
    band: int
    keep: frozenset[int] = frozenset()
    split: int = 0
    run: int = DEFAULT_RUN
    tight: bool = True

    @property
    def columns(self) -> bool:
        """Whether lines are columns."""
        return self.scheme is Scheme.H_CACHE


@dataclass(frozen=True)
class Track:
    """A chain seen along the sweep: tensors as lines x pixels x channels.

    across[i], along[i]: the kernel of step i across lines and along a line.
    used: lines of each tensor that the sweep computes; those nobody reads are left out.
    """

    chain: Chain
    lines: tuple[int, ...]
    pixels: tuple[int, ...]
    channels: tuple[int, ...]
    across: tuple[Axis, ...]
    along: tuple[Axis, ...]
    used: tuple[int, ...]


def track(chain: Chain, columns: bool, split: int = 0) -> Track:
    """Lines and pixels of a chain; with a split the channels are those of a pass."""
    rows, cols, channels = (tuple(shape[i] for shape in chain.shapes) for i in range(3))
    lines, pixels = (cols, rows) if columns else (rows, cols)
    across = tuple(s.columns if columns else s.rows for s in chain.steps)
    along = tuple(s.rows if columns else s.columns for s in chain.steps)
    if split:
        channels = (channels[0], *(min(split, c) for c in channels[1:]))
    used = [lines[-1]]
    for i in range(len(chain.steps) - 1, -1, -1):
        whole = chain.steps[i].reads is Reads.GLOBAL
        used.append(lines[i] if whole else min(lines[i], across[i].end(used[-1])))
    return Track(chain, lines, pixels, channels, across, along, tuple(reversed(used)))
