"""How far the output of a stage may run into the dead part of its input.

The input ends at the top of a region, the output begins at its bottom. While the stage runs, the
output grows up and the input dies from below; the region is as large as both need at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from msfcnn.graph.bands import Band
from msfcnn.graph.options import Option, Track
from msfcnn.graph.steps import IN_PLACE, Reads

Array = NDArray[np.int64]


def region_bytes(track: Track, option: Option, bands: tuple[tuple[Band, ...], ...]) -> int:
    """Bytes that the input and the output of a stage need together."""
    chain = track.chain
    source, target = chain.input_bytes, chain.output_bytes
    if not chain.may_overlap or option.split:
        return source + target
    ahead = _band_overhang(track, bands) if option.columns else _row_overhang(track, option)
    return max(source, target, source + ahead)


def _band_overhang(track: Track, bands: tuple[tuple[Band, ...], ...]) -> int:
    """Column sweep: most bytes by which the output exceeds the dead input, band by band."""
    row_in = track.lines[0] * track.channels[0]
    row_out = track.lines[-1] * track.channels[-1]
    worst = -track.chain.input_bytes
    for band in bands:
        needed = band[0].low if band[0].low < band[0].high else band[0].high
        for skip in track.chain.skips:
            if skip.source == 0:
                needed = min(needed, band[skip.add + 1].fresh)
        worst = max(worst, band[-1].high * row_out - needed * row_in)
    return worst


def _row_overhang(track: Track, option: Option) -> int:
    """Row sweep: the same, after every pixel of the output."""
    if len(track.chain.steps) == 1:
        return _single_overhang(track, option)
    sweep = RowSweep(track)
    for i in range(len(track.chain.steps) - 1, 0, -1):
        sweep.back(i)
    needed = sweep.needed(0)
    for skip in track.chain.skips:
        if skip.source == 0:
            needed = np.minimum(needed, RowSweep.at(track, skip.add).read_in_place())
    return int((sweep.written() - needed).max())


def _single_overhang(track: Track, option: Option) -> int:
    """A single op reads its run while it writes it, unless it works in place."""
    step = track.chain.steps[0]
    if step.reads is Reads.GLOBAL:
        return track.channels[1] - track.chain.input_bytes
    width, channels = track.pixels[1], track.channels[1]
    start = np.arange(0, width, option.run)
    end = np.minimum(start + option.run, width)
    position = end if step.kind in IN_PLACE else start
    lines = np.arange(track.lines[1])[:, None]
    needed = first_needed(track, 0, lines, position[None, :], width)
    return int(((lines * width + end[None, :]) * channels - needed).max())


def first_needed(track: Track, i: int, line: Array, pixel: Array, full: int) -> Array:
    """Lowest byte of tensor i that step i still reads when its next output is (line, pixel).

    A pixel of `full` is the end of the line.
    """
    across, along = track.across[i], track.along[i]
    width, channels = track.pixels[i], track.channels[i]
    ends = pixel >= full
    line, pixel = np.where(ends, line + 1, line), np.where(ends, 0, pixel)
    this = np.maximum(0, across.first(line)) * width + np.maximum(0, along.first(pixel))
    following = np.maximum(0, across.first(line + 1)) * width
    used = track.used[i + 1]
    lowest = np.where(line + 1 >= used, this, np.minimum(this, following)) * channels
    needed: Array = np.where(line >= used, track.chain.input_bytes, lowest)
    return needed


class RowSweep:
    """Positions of the ops of a row sweep when the last one has written up to (line, pixel).

    The last op pulls, so an op before it is exactly as far as is needed: its line follows from
    the line alone, and its pixel from the pixel alone unless its line is complete.
    """

    def __init__(self, track: Track) -> None:
        self.track = track
        self.step = len(track.chain.steps) - 1
        self.line = np.arange(track.used[-1])
        self.complete: NDArray[np.bool_] = np.zeros(len(self.line), dtype=bool)
        self.pixel = np.arange(1, track.pixels[-1] + 1)
        self.full = track.pixels[-1]

    @classmethod
    def at(cls, track: Track, step: int) -> RowSweep:
        """The positions, carried back to `step`."""
        sweep = cls(track)
        for i in range(len(track.chain.steps) - 1, step, -1):
            sweep.back(i)
        return sweep

    def back(self, i: int) -> None:
        """From the position of step i to that of the step before it."""
        track = self.track
        if track.chain.steps[i].reads is Reads.GLOBAL:
            self.line = np.full_like(self.line, track.lines[i] - 1)
            self.complete = np.ones_like(self.complete)
            self.full = track.pixels[i]
            self.pixel = np.full_like(self.pixel, self.full)
        else:
            across, along = track.across[i], track.along[i]
            last = track.lines[i] - 1
            # the last line may be asked for by several lines of the reader: then it is complete
            again = (self.line > 0) & (across.end(self.line) - 1 >= last)
            self.complete = self.complete | again
            self.line = np.minimum(across.end(self.line + 1) - 1, last)
            self.full, before = min(track.pixels[i], along.end(self.full)), self.pixel
            self.pixel = np.minimum(along.end(before), self.full)
        self.step = i - 1

    def _grid(self) -> tuple[Array, Array]:
        pixel = np.where(self.complete[:, None], self.full, self.pixel[None, :])
        return np.broadcast_to(self.line[:, None], pixel.shape), pixel

    def needed(self, i: int) -> Array:
        """Lowest byte of tensor i that step i still reads, [lines, pixels] of the output."""
        return first_needed(self.track, i, *self._grid(), self.full)

    def read_in_place(self) -> Array:
        """Byte up to which this step, a sum, has read its second input."""
        line, pixel = self._grid()
        channels = self.track.channels[self.step + 1]
        return (line * self.track.pixels[self.step + 1] + pixel) * channels

    def written(self) -> Array:
        """Bytes of the output that are written, [lines, pixels]."""
        track = self.track
        line = np.arange(track.used[-1])[:, None]
        end = line * track.pixels[-1] + np.arange(1, track.pixels[-1] + 1)[None, :]
        written: Array = end * track.channels[-1]
        return written
