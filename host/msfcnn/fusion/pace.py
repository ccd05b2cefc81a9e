"""By how many pixels of a line the ops of a stage are apart, while a join computes its line.

Where the paths from a tensor to the join stride alike, the difference is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msfcnn.fusion.steps import Network
from msfcnn.ir import Reads

Lead = Callable[[int], int | None]
"""The step that one runs along with, if any."""


@dataclass(frozen=True)
class Pace:
    """By how many pixels the writer of a tensor is ahead in its line.

    slope: pixels of the tensor per pixel of the join's run. ahead: beyond a run, of the slowest.
    lags:  by reader: (slope, rest), how far before the end of what is asked for it still reads.
    """

    slope: int
    ahead: int
    lags: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class NeededPixels:
    """Of a tensor, with the join at pixel p: what is below slope * p + first is no longer needed.

    For n more pixels of the join a reader needs those below slope * (p + n) + end.
    """

    slope: int
    first: int
    end: int


@dataclass(frozen=True)
class Paths:
    """The steps between a tensor and the join of all paths from it, which is one step."""

    network: Network
    columns: bool
    steps: tuple[int, ...]
    join: int

    def pace(self, tensor: int, lead_of: Lead, early: int | None) -> Pace | None:
        """Of a tensor; early: the step that writes it runs along with another one."""
        done = {self.join: (1, 0)}
        for i in reversed(self.steps):
            needs = self._needs_beside(self.network.steps[i].z, done)
            if needs is None:
                return None
            end = max(need.end for need in needs.values())
            slope = next(iter(needs.values())).slope
            lead = lead_of(i)
            if lead in done:
                if done[lead][0] != slope:
                    return None
                end = max(end, done[lead][1])
            done[i] = slope, end
        needs = self._needs_beside(tensor, done)
        if needs is None:
            return None
        end = max(need.end for need in needs.values()) if early is None else done[early][1]
        slope = next(iter(needs.values())).slope
        lags = {i: (slope, end - min(0, need.first)) for i, need in needs.items()}
        ring = max(lags.values())
        for i in self._leading(needs, lead_of) if early is None else ():
            _, axis = self.network.steps[i].axes(self.columns)
            lags[i] = axis.stride, axis.extent - axis.stride
        return Pace(*ring, tuple(lags.values()))

    def _leading(self, needs: dict[int, NeededPixels], lead_of: Lead) -> list[int]:
        """The readers that ask for the furthest pixels, if they are one, or one and its pair.

        They need no more than their own kernel looks at, whatever the join does.
        """
        end = max(need.end for need in needs.values())
        first = [i for i, need in needs.items() if need.end == end]
        pair = [
            i for i in needs if all(i == k or lead_of(i) == k or lead_of(k) == i for k in first)
        ]
        slides = all(self.network.steps[i].reads is Reads.WINDOW for i in pair)
        return pair if slides and set(first) <= set(pair) else []

    def _needs_beside(
        self, tensor: int, done: dict[int, tuple[int, int]]
    ) -> dict[int, NeededPixels] | None:
        """What each reader needs of a tensor, beside the join's pixel; None if slopes differ.

        With the join at pixel p, a step has done slope * p + done of its pixels.
        """
        found: dict[int, NeededPixels] = {}
        for i in self.network.readers[tensor]:
            if i in done:
                step, (slope, end) = self.network.steps[i], done[i]
                if step.reads is Reads.GLOBAL:
                    return None
                _, axis = step.axes(self.columns)
                if axis.up > 1:
                    return None
                found[i] = NeededPixels(slope * axis.stride, axis.first(end), axis.end(end))
        return found if len({need.slope for need in found.values()}) == 1 else None
