"""How far the output of a stage may run into the dead part of its input.

The input ends at the top of a region, the output begins at its bottom. While the stage runs, the
output grows up and the input dies from below; the region is as large as both need at once. In a
row sweep the windows fill while the input dies, too: the beginning of the input may lie where the
last lines of a window will be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msfcnn.fusion.step import Step
from msfcnn.ir import Axis, Reads

Array = NDArray[np.int64]


@dataclass(frozen=True)
class Walk:
    """How a step walks over its input: axes, lines x pixels x channels, and lines it computes."""

    across: Axis
    along: Axis
    lines: int
    pixels: int
    channels: int
    used: int

    @property
    def size(self) -> int:
        """Bytes of the input."""
        return self.lines * self.pixels * self.channels

    def first_needed(self, line: Array, pixel: Array, full: int) -> Array:
        """Lowest byte of the input that is still read when the next output is (line, pixel).

        A pixel of `full` is the end of the line. The size of the input where only padding is left
        to read: a kernel may stand several lines below the input.
        """
        ends = pixel >= full
        line, pixel = np.where(ends, line + 1, line), np.where(ends, 0, pixel)
        row = np.maximum(0, self.across.first(line)) * self.pixels
        this = row + np.maximum(0, self.along.first(pixel))
        following = np.maximum(0, self.across.first(line + 1)) * self.pixels
        lowest = np.where(line + 1 >= self.used, this, np.minimum(this, following))
        needed: Array = np.where(line >= self.used, self.size, lowest * self.channels)
        return np.minimum(needed, self.size)


class Position:
    """How far an op of a row sweep is when the last one has written up to (line, pixel).

    The last op pulls, so an op before it is exactly as far as is needed: its line follows from
    the line alone, and its pixel from the pixel alone unless its line is complete.
    """

    def __init__(self, lines: int, pixels: int) -> None:
        self.line: Array = np.arange(lines)
        self.pixel: Array = np.arange(1, pixels + 1)
        self.complete: NDArray[np.bool_] = np.zeros(lines, dtype=bool)
        self.full = pixels

    def before(self, walk: Walk, whole: bool) -> Position:
        """The position of the op that writes what `walk` reads (all of it, if `whole`)."""
        last = walk.lines - 1
        back = Position(0, 0)
        if whole:
            back.full = walk.pixels
            back.line, back.pixel = np.full_like(self.line, last), self.pixel * 0 + back.full
            back.complete = np.ones_like(self.complete)
            return back
        # the last line may be asked for by several lines of the reader: then it is complete
        again = (self.line > 0) & (walk.across.end(self.line) - 1 >= last)
        back.complete = self.complete | again
        back.line = np.minimum(walk.across.end(self.line + 1) - 1, last)
        back.full = min(walk.pixels, walk.along.end(self.full))
        back.pixel = np.minimum(walk.along.end(self.pixel), back.full)
        return back

    def grid(self) -> tuple[Array, Array]:
        """Line and pixel, [lines, pixels] of the output."""
        pixel = np.where(self.complete[:, None], self.full, self.pixel[None, :])
        return np.broadcast_to(self.line[:, None], pixel.shape), pixel

    def needed(self, walk: Walk) -> Array:
        """Lowest byte of its input that the op still reads, [lines, pixels] of the output."""
        return walk.first_needed(*self.grid(), self.full)

    def bytes(self, pixels: int, channels: int) -> Array:
        """Bytes of its own output that the op has written; so far a sum has read, too."""
        line, pixel = self.grid()
        return (line * pixels + pixel) * channels


def walk(step: Step, columns: bool, used: int) -> Walk:
    """How a step walks over its main input, for so many lines of its output."""
    across, along = step.axes(columns)
    height, width, channels = step.source
    lines, pixels = (width, height) if columns else (height, width)
    return Walk(
        across=across, along=along, lines=lines, pixels=pixels, channels=channels, used=used
    )


def leading(positions: list[Position]) -> Position:
    """Of what several readers have asked a writer for, the most: it has done at least that."""
    return max(positions, key=lambda p: (p.line.sum(), p.complete.sum(), p.pixel.sum()))


def overhang(written: Array, needed: list[Array]) -> int:
    """Most bytes written beyond those of the input that no reader needs any more.

    written, needed: [lines, pixels] of the output: bytes written after that pixel, and the lowest
    byte of the input that a reader still needs then. Negative: the output never catches up.
    """
    least = needed[0]
    for more in needed[1:]:
        least = np.minimum(least, more)
    return int((written - least).max())


def single_overhang(step: Step, run: int, its: Walk, width: int) -> int:
    """A single op reads its run while it writes it, unless it works in place."""
    channels = step.target[2]
    if step.reads is Reads.GLOBAL:
        return channels - its.size
    # a kernel may write before it has read all that its run needs, so the input is needed as of the
    # run's start; in place, each byte is read before it is written, so as of its end
    start = np.arange(0, width, run)
    end = np.minimum(start + run, width)
    position = end if step.in_place else start
    lines = np.arange(its.used)[:, None]
    line, pixel = np.broadcast_arrays(lines, position[None, :])
    needed = its.first_needed(line, pixel, width)
    return int(((lines * width + end[None, :]) * channels - needed).max())


def unfilled(slots: int, line_bytes: int, save_bytes: int, head: Walk) -> int:
    """Bytes at the end of a window that are not written before as much of the input is dead.

    The window is the first one of a chain: its line j is begun when the first op has completed
    its own lines below j. Its slots stand in order, what it saves behind them.
    """
    read = [min(max(0, head.across.first(j)), head.lines) for j in range(slots + 1)]
    dead = [lines * head.pixels * head.channels for lines in read]
    behind = [save_bytes + (slots - 1 - j) * line_bytes for j in range(slots)]
    fits = min(d + b for d, b in zip(dead, behind, strict=False))
    size = slots * line_bytes + save_bytes
    return min(fits, size, dead[slots] if save_bytes else size)
