"""A C function of the engine, as the planner and the emitter see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

ALIGN = 4  # of scratch, in bytes

Words = NDArray[np.uint32]


@dataclass(frozen=True)
class Kernel:
    """A C function of the engine: its name, and the bytes of scratch it needs (aligned to 4).

    each:  bytes of scratch for each pixel of a run, where it can do with that of a single one;
           `scratch` is what it needs at most then. 0: it needs all for a run of any length.
    least: bytes of scratch with which it computes pixel by pixel, 0 included. None: as `each` says.
    words: if its constants are packed for the instruction set, what msfcnn_op_t says of them.
    pairs: whether it computes two pixels at a time where it can.
    pack:  its packed constants; the argument tells whether lines are columns.
    whole_columns: added to `words` where lines are columns of a whole tensor, if constants are
           packed as for rows then: taps of a row lie one behind the other. 0: as everywhere.
    """

    name: str
    scratch: int = 0
    words: int = 0
    each: int = 0
    least: int | None = None
    pairs: bool = True
    whole_columns: int = 0
    pack: Callable[[bool], Words] | None = field(default=None, compare=False, repr=False)

    def scratch_for(self, run: int, lean: bool) -> int:
        """Bytes for runs of so many pixels; lean: as few as it can do with, one by one."""
        if lean and self.leans:
            return min(self.scratch, aligned(self.each if self.least is None else self.least))
        return min(self.scratch, aligned(self.each * run)) if self.each else self.scratch

    @property
    def leans(self) -> bool:
        """Whether it can do with less scratch, pixel by pixel."""
        return self.each > 0 or self.least is not None

    @property
    def packed(self) -> bool:
        """Whether its constants are packed for the instruction set."""
        return self.words > 0


@dataclass(frozen=True)
class Choice:
    """The kernels of a call inside a stage, where it reads windows, and at its beginning.

    At the beginning it reads a whole tensor, pixel by pixel. The two differ where a kernel wants
    planar lines.

    interleaved: windows stay pixel by pixel, whatever the family of the call likes best.
    """

    inner: Kernel
    first: Kernel
    interleaved: bool = False


def both(kernel: Kernel) -> Choice:
    """One kernel for both places."""
    return Choice(kernel, kernel)


def aligned(size: int) -> int:
    """Bytes of scratch, rounded up."""
    return -(-size // ALIGN) * ALIGN


def packer(pack: Callable[[bool], Words | None]) -> Callable[[bool], Words]:
    """Packs at most once for each direction of lines; that it works has been tried before."""

    @lru_cache(maxsize=2)
    def packed(columns: bool) -> Words:
        """The words; that there are some was decided when the kernel was chosen."""
        words = pack(columns)
        if words is None:
            raise AssertionError("whether constants can be packed hangs on the direction of lines")
        return words

    return packed
