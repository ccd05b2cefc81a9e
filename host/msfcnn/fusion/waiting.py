"""How long pixels of a tensor wait for the slowest of several readers.

In a sweep every op is as far as its readers have asked. Where the paths from a tensor meet again,
in a sum or a concatenation, all its readers follow the lines of that *join*: while the join gets
its line j, the tensor is written up to what line j needs, and its readers have read what line
j - 1 needed. Where the paths end in several outputs, the stage's order of their lines is that
clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from msfcnn.fusion.steps import Network
from msfcnn.ir import Reads

Array = NDArray[np.int64]

LINE_SHARES = 1 << 16  # resolution of the engine's comparison of ends; see _next_end in sweep.c


@dataclass(frozen=True)
class Waiting:
    """How far the writer of a tensor is ahead of its slowest reader, at most.

    lines:    resident lines, the one that is written included.
    advanced: complete lines behind the one that is written, -1 if none is ever written.
    rested:   lines while nothing is written.
    ahead:    pixels by which the writer is ahead in its line, beyond a run; None: a whole line.
    slope:    pixels of the tensor per pixel of the run.
    """

    lines: int
    advanced: int
    rested: int
    ahead: int | None
    slope: int

    def pixels(self, length: Array, run: Array) -> Array:
        """Pixels of a ring for lines of so many pixels; the two are broadcast."""
        part = length if self.ahead is None else np.minimum(length, self.slope * run + self.ahead)
        ring: Array = np.maximum(self.advanced * length + part, self.rested * length)
        return ring


@dataclass
class Joins:
    """Where paths meet again, as a stage grows backwards; masks of bits by step.

    Bit 2 * i + 1 is step i, bit 2 * i + 2 the tensor that it completes as the last of several.
    """

    network: Network
    end: int
    columns: bool
    after: dict[int, int] = field(default_factory=dict)
    known: dict[tuple[int, int], Waiting] = field(default_factory=dict)

    def add(self, i: int) -> None:
        """Step i, when all that follow it are known."""
        self.after[i] = self._behind(self.network.steps[i].z) | 1 << (2 * i + 1)

    def _behind(self, tensor: int) -> int:
        """What every path from a tensor to the end of the stage passes."""
        if self.network.dies[tensor] >= self.end:
            return 0
        mask = -1
        for reader in self.network.readers[tensor]:
            mask &= self.after[reader]
        writers = self.network.writers[tensor]
        return mask | 1 << (2 * writers[-1] + 2) if len(writers) > 1 else mask

    def waiting(self, tensor: int) -> Waiting:
        """Of a tensor with all its readers."""
        mask = -1
        for reader in (r for r in self.network.readers[tensor] if r < self.end):
            mask &= self.after[reader]
        if self.network.dies[tensor] >= self.end:
            mask = 0
        bit = (mask & -mask).bit_length() - 1
        if bit < 0:
            return _Region(self, tensor, self.end, None).waiting()
        key = (tensor, bit)
        if key not in self.known:
            self.known[key] = _Region(self, tensor, (bit - 1) // 2, bit % 2 == 1).waiting()
        return self.known[key]


class _Region:
    """The steps between a tensor and the join of its paths.

    join: step of the join (or the end of the stage); single: it is the step itself, not the tensor
    that it completes; None for no join.
    """

    def __init__(self, joins: Joins, tensor: int, join: int, single: bool | None) -> None:
        self.network, self.columns = joins.network, joins.columns
        self.tensor, self.join, self.single, self.end = tensor, join, single, joins.end
        self.steps = self._between()
        self.done: dict[int, Array] = {}

    def _between(self) -> list[int]:
        """Steps on the paths from the tensor to the join, the join left out."""
        reached = {self.tensor}
        found = []
        top = self.end if self.single is None else self.join + (not self.single)
        for i in range(min(self.network.readers[self.tensor], default=top), top):
            step = self.network.steps[i]
            if not reached.isdisjoint(step.inputs()):
                found.append(i)
                reached.add(step.z)
        return found

    def waiting(self) -> Waiting:
        """The most lines, and pixels of a line."""
        self._clock()
        for i in reversed(self.steps):
            self._visit(i)
        size = self._size(self.network.steps[self.network.writers[self.tensor][0]].target)
        written, needed = self._extent(self.tensor, size)
        before = np.concatenate([[0], written[:-1]])
        needs = np.concatenate([[0], needed[:-1]])
        advances = written > before
        held = np.minimum(written - needs, size)
        advanced = int((written - 1 - needs)[advances].max(initial=-1))
        rested = int(held[~advances].max(initial=0))
        ahead, slope = self._ahead() if self.single else (None, 1)
        return Waiting(
            lines=int(held.max()),
            advanced=min(advanced, size - 1),
            rested=rested,
            ahead=ahead,
            slope=slope,
        )

    def _size(self, shape: tuple[int, int, int]) -> int:
        return shape[1] if self.columns else shape[0]

    def _clock(self) -> None:
        """Lines that are done after each tick, for what the join or the ends are made of."""
        if self.single is None:
            self._ends()
            return
        step = self.network.steps[self.join]
        lines = np.arange(1, self._size(step.target) + 1)
        if self.single:
            self.done[self.join] = lines
        else:
            for writer in self.network.writers[step.z]:
                self.done[writer] = lines

    def _ends(self) -> None:
        """The end that would have done the least share of its lines goes first."""
        ends = [i for i in self.steps if self.network.dies[self.network.steps[i].z] >= self.end]
        sizes = [self._size(self.network.steps[i].target) for i in ends]
        ticks = [
            ((line + 1) * LINE_SHARES // size, order)
            for order, size in enumerate(sizes)
            for line in range(size)
        ]
        whose = np.array([order for _, order in sorted(ticks)])
        for order, i in enumerate(ends):
            self.done[i] = np.cumsum(whose == order)

    def _visit(self, i: int) -> None:
        """Lines of step i that its readers have asked for."""
        step = self.network.steps[i]
        if step.z in self._joined():
            return
        asked, _ = self._extent(step.z, self._size(step.target))
        self.done[i] = np.maximum(self.done[i], asked) if i in self.done else asked

    def _joined(self) -> tuple[int, ...]:
        return (self.network.steps[self.join].z,) if self.single is False else ()

    def _extent(self, tensor: int, size: int) -> tuple[Array, Array]:
        """Lines written when all readers have what they need, and the first one still needed."""
        written, needed = [np.zeros(1, np.int64)], [np.full(1, size)]
        for i in self.network.readers[tensor]:
            if i not in self.done:
                continue
            step, done = self.network.steps[i], self.done[i]
            axis, _ = step.axes(self.columns)
            total = self._size(step.target)
            if step.reads is Reads.GLOBAL:
                written.append(np.where(done > 0, size, 0))
                needed.append(np.where(done > 0, size, 0))
                continue
            written.append(np.where(done > 0, np.minimum(size, axis.end(done)), 0))
            first = np.maximum(0, axis.first(done))
            needed.append(np.where(done >= total, size, np.minimum(first, size)))
        ticks = len(next(iter(self.done.values())))
        most: Array = np.max(np.broadcast_arrays(*written, np.zeros(ticks, np.int64)), axis=0)
        least: Array = np.min(np.broadcast_arrays(*needed, np.full(ticks, size)), axis=0)
        return most, least

    def _ahead(self) -> tuple[int | None, int]:
        """Pixels between writer and slowest reader while the join computes a run.

        The paths must agree in how they stride; the difference is then the same everywhere.
        """
        done = {self.join: (1, 0)}
        for i in reversed(self.steps):
            span = self._span(self.network.steps[i].z, done)
            if span is None:
                return None, 1
            slope, _, end = span
            done[i] = slope, end
        found = self._span(self.tensor, done)
        if found is None:
            return None, 1
        slope, first, end = found
        return end - min(0, first), slope

    def _span(self, tensor: int, done: dict[int, tuple[int, int]]) -> tuple[int, int, int] | None:
        """Slope, first pixel still needed and end of those asked for, beside the join's.

        With the join at pixel p, a step has done slope * p + done of its pixels, of the tensor
        those from slope * p + first on are needed, and for n more pixels of the join those below
        slope * (p + n) + end.
        """
        slopes, firsts, ends = set(), [], []
        for i in self.network.readers[tensor]:
            if i in done:
                step, (slope, end) = self.network.steps[i], done[i]
                if step.reads is Reads.GLOBAL:
                    return None
                _, axis = step.axes(self.columns)
                if axis.up > 1:
                    return None
                slopes.add(slope * axis.stride)
                firsts.append(axis.first(end))
                ends.append(axis.end(end))
        if len(slopes) != 1:
            return None
        return slopes.pop(), min(firsts), max(ends)
