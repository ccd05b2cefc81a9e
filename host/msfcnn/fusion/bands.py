"""Which pixels of each tensor a stage computes in each band: the twin of the engine's bands.

`riot_pkg/msfcnn/src/sweep.c` has the same recursion in `_begin_band`; change both together.
"""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.fusion.options import Option, Track
from msfcnn.ir import Reads


@dataclass(frozen=True)
class Band:
    """Pixels low .. high - 1 of a line are there in this band; those below fresh are replayed."""

    low: int
    high: int
    fresh: int


def bands(track: Track, option: Option) -> tuple[tuple[Band, ...], ...]:
    """For each band of a stage one `Band` per tensor of the chain, its input included."""
    count = len(track.chain.steps)
    done = [0] * (count + 1)
    found = []
    while done[count] < track.pixels[count]:
        row = [Band(0, 0, 0)] * (count + 1)
        start = done[count]
        row[count] = Band(start, min(start + option.band, track.pixels[count]), start)
        for i in range(count - 1, -1, -1):
            row[i] = _input(track, option, i, row[i + 1], done[i])
        done = [band.high for band in row]
        found.append(tuple(row))
    return tuple(found)


def _input(track: Track, option: Option, i: int, out: Band, done: int) -> Band:
    """The band of tensor i, whose pixels below `done` were computed in the band before."""
    low = high = done
    if out.fresh < out.high:
        if track.chain.steps[i].reads is Reads.GLOBAL:
            low, high = 0, track.pixels[i]
        else:
            axis = track.along[i]
            low = max(0, axis.first(out.fresh))
            high = min(track.pixels[i], axis.end(out.high))
    kept = i in option.keep and done > low
    return Band(low, high, done if kept else low)
