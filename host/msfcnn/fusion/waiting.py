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

from msfcnn.fusion.pace import Pace, Paths
from msfcnn.fusion.steps import Network
from msfcnn.ir import Reads

Array = NDArray[np.int64]
Flags = NDArray[np.bool_]

LINE_SHARES = 1 << 16  # resolution of the engine's comparison of ends; see _next_end in sweep.c


@dataclass(frozen=True)
class Waiting:
    """How far the writer of a tensor is ahead of its slowest reader, at most.

    lines:    resident lines, the one that is written included.
    advanced: complete lines behind the one that is written, -1 if none is ever written.
    rested:   lines while nothing is written, or a line as a whole.
    pace:     by how many pixels of its line the writer is ahead; None: a whole line.
    ordered:  whether all that read the line which the newest one overwrites follow the newest.
    """

    lines: int
    advanced: int
    rested: int
    pace: Pace | None
    ordered: bool

    def saved(self, length: Array, run: Array) -> Array:
        """Pixels saved of the oldest line, which the newest overwrites; a whole line: cannot be."""
        if self.pace is None or not self.ordered or self.rested > self.advanced:
            return length
        lags = [slope * run + rest for slope, rest in self.pace.lags]
        found: Array = np.minimum(length, np.max(lags, axis=0))
        return found

    def pixels(self, length: Array, run: Array) -> Array:
        """Pixels of a ring for lines of so many pixels; the two are broadcast."""
        part = length
        if self.pace is not None:
            part = np.minimum(length, self.pace.slope * run + self.pace.ahead)
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
        """Of a tensor with all its readers.

        The first join of their paths is the clock: the lowest bit, for bits ascend with the order
        of the steps.
        """
        bit = self._meeting(tensor)
        if bit < 0:
            return _Region(self, tensor, self.end, None).waiting()
        key = (tensor, bit)
        if key not in self.known:
            self.known[key] = _Region(self, tensor, *_join(bit)).waiting()
        return self.known[key]

    def meet(self, tensor: int) -> bool:
        """Whether all paths from a tensor meet again in the stage; not behind one of its ends."""
        return self._meeting(tensor) >= 0

    def _meeting(self, tensor: int) -> int:
        """The bit of where the paths from a tensor first meet; -1 for nowhere."""
        mask = -1
        for reader in (r for r in self.network.readers[tensor] if r < self.end):
            mask &= self.after[reader]
        if self.network.dies[tensor] >= self.end:
            mask = 0
        return _first(mask)

    def lead(self, i: int) -> int | None:
        """The step that step i runs along with; None if it does not here.

        That one must be in the stage, and a single step be the first join of the two.
        """
        lead = self.network.early.get(i)
        if lead not in self.after or self.network.dies[self.network.steps[i].z] >= self.end:
            return None
        bit = self._pair_join(i, lead)
        return lead if bit > 0 and bit % 2 == 1 else None

    def _pair_join(self, i: int, lead: int) -> int:
        """The bit of where the two meet; -1 for nowhere."""
        return _first(self._behind(self.network.steps[i].z) & self.after[lead])

    def early(self, i: int) -> Waiting | None:
        """Of what step i writes, if it runs along with another one."""
        step, lead = self.network.steps[i], self.lead(i)
        if lead is None:
            return None
        bit = self._pair_join(i, lead)
        key = (step.z, bit)
        if key not in self.known:
            self.known[key] = _Region(self, step.x, *_join(bit), first=i).waiting(early=i)
        return self.known[key]


def _first(mask: int) -> int:
    """Place of the lowest bit; -1 for none."""
    return (mask & -mask).bit_length() - 1


def _join(bit: int) -> tuple[int, bool]:
    """The step, and whether it is that or the tensor that it completes."""
    return (bit - 1) // 2, bit % 2 == 1


class _Region:
    """The steps between a tensor and the join of its paths.

    join: step of the join (or the end of the stage); single: it is the step itself, not the tensor
    that it completes; None for no join. first: steps before it are left out; the stage may begin
    behind them, and what they do does not show in what follows them.
    """

    def __init__(
        self, joins: Joins, tensor: int, join: int, single: bool | None, first: int = 0
    ) -> None:
        self.network, self.columns = joins.network, joins.columns
        self.lead = joins.lead
        self.tensor, self.join, self.single, self.end = tensor, join, single, joins.end
        self.steps = self._between(first)
        self.done: dict[int, Array] = {}
        self.at_once: dict[
            int, Flags
        ] = {}  # by step: whether its last line so far is asked for whole

    def _between(self, first: int) -> list[int]:
        """Steps from a first one on, on the paths from the tensor to the join; not the join."""
        reached = {self.tensor}
        found = []
        top = self.end if self.single is None else self.join + (not self.single)
        for i in range(max(first, min(self.network.readers[self.tensor], default=top)), top):
            step = self.network.steps[i]
            if not reached.isdisjoint(step.inputs()):
                found.append(i)
                reached.add(step.z)
        return found

    def waiting(self, early: int | None = None) -> Waiting:
        """The most lines, and pixels of a line; of what an early step writes."""
        self._clock()
        for i in reversed(self.steps):
            self._visit(i)
        tensor = self.tensor if early is None else self.network.steps[early].z
        size = self._size(self.network.steps[self.network.writers[tensor][0]].target)
        written, at_once = self._written(tensor, size)
        if early is not None:
            written, at_once = self.done[early], self.at_once[early]
        needs = self._needs(tensor, written, size)
        advances = (written > _before(written)) & ~at_once
        held = np.minimum(written - needs, size)
        kernel = self._kernel(tensor, size)
        # even where readers are in step a kernel looks at its own extent of lines at a time
        advanced = max(int((written - 1 - needs)[advances].max(initial=-1)), kernel - 1)
        advanced = min(advanced, size - 1) if advances.any() else -1
        rested = int(held[~advances].max(initial=0))
        return Waiting(
            lines=max(int(held.max()), kernel),
            advanced=advanced,
            rested=rested,
            pace=self._pace(tensor, early),
            ordered=early is None and self._ordered(written, written - 1 - advanced, size),
        )

    def _ordered(self, written: Array, overwritten: Array, size: int) -> bool:
        """Whether nobody reads several lines of what another reader's request overwrites.

        A reader that computes one line follows the newest line pixel by pixel; if it computes more,
        those before come first, but only those that it asks for itself.
        """
        readers = self._readers(self.tensor)
        for i in readers:
            step, done = self.network.steps[i], self.done[i]
            axis, _ = step.axes(self.columns)
            if step.reads is Reads.GLOBAL or axis.up > 1:
                return False
            others = np.zeros(len(done), bool)
            for k in (k for k in readers if k != i and not self._paired(i, k)):
                others |= self._asks(k, written, size)
            more = (done - _before(done) > 1) | self.at_once[i]
            reads = (axis.first(_before(done)) <= overwritten) & (overwritten >= 0)
            if (others & more & reads & (written > _before(written))).any():
                return False
        return True

    def _paired(self, i: int, k: int) -> bool:
        """Whether one of two steps keeps pace with the other."""
        return self.lead(i) == k or self.lead(k) == i

    def _size(self, shape: tuple[int, int, int]) -> int:
        """Lines of a tensor: rows, or columns where these are swept."""
        return shape[1] if self.columns else shape[0]

    def _clock(self) -> None:
        """Lines that are done after each tick, for what the join or the ends are made of."""
        if self.single is None:
            self._ends()
            return
        step = self.network.steps[self.join]
        lines = np.arange(1, self._size(step.target) + 1)
        clocks = [self.join] if self.single else self.network.writers[step.z]
        for writer in clocks:
            self.done[writer] = lines
            self.at_once[writer] = np.zeros(len(lines), bool)

    def _ends(self) -> None:
        """The end that would have done the least share of its lines goes first."""
        ends = [i for i in self.steps if self.network.dies[self.network.steps[i].z] >= self.end]
        sizes = [self._size(self.network.steps[i].target) for i in ends]
        # in whole numbers, as the engine compares them: equal shares go to the earlier end
        ticks = [
            ((line + 1) * LINE_SHARES // size, order)
            for order, size in enumerate(sizes)
            for line in range(size)
        ]
        whose = np.array([order for _, order in sorted(ticks)])
        for order, i in enumerate(ends):
            self.done[i] = np.cumsum(whose == order)
            self.at_once[i] = np.zeros(len(whose), bool)

    def _visit(self, i: int) -> None:
        """Lines of step i that its readers have asked for."""
        step = self.network.steps[i]
        if step.z in self._joined():
            return
        asked, at_once = self._written(step.z, self._size(step.target))
        self.done[i] = np.maximum(self.done[i], asked) if i in self.done else asked
        self.at_once[i] = at_once
        lead = self.lead(i)
        if lead in self.done:
            later = self.done[lead] >= self.done[i]
            self.at_once[i] = np.where(later, self.at_once[lead], at_once)
            self.done[i] = np.maximum(self.done[i], self.done[lead])

    def _joined(self) -> tuple[int, ...]:
        """The tensor that the join completes, whose writers the clock drives; else none."""
        return (self.network.steps[self.join].z,) if self.single is False else ()

    def _pace(self, tensor: int, early: int | None) -> Pace | None:
        """Of a tensor; None where paths meet in more than one step."""
        if not self.single:
            return None
        paths = Paths(self.network, self.columns, tuple(self.steps), self.join)
        return paths.pace(tensor, self.lead, early)

    def _readers(self, tensor: int) -> list[int]:
        """Those readers of a tensor that are in the region, as far as they have been visited."""
        return [i for i in self.network.readers[tensor] if i in self.done]

    def _written(self, tensor: int, size: int) -> tuple[Array, Flags]:
        """Lines that are written when all readers have what they need.

        And whether the last one is asked for as a whole: by a line of a reader that is not its
        newest, or whole itself.
        """
        ticks = len(next(iter(self.done.values())))
        most: Array = np.zeros(ticks, np.int64)
        at_once = np.zeros(ticks, bool)
        for i in self._readers(tensor):
            reach, whole = self._reach(i, size)
            at_once = np.where(reach > most, whole, at_once | (whole & (reach == most)))
            most = np.maximum(most, reach)
        return most, at_once

    def _reach(self, i: int, size: int) -> tuple[Array, Flags]:
        """Lines that step i asks for, and whether the last of them as a whole."""
        step, done = self.network.steps[i], self.done[i]
        if step.reads is Reads.GLOBAL:
            return np.where(done > 0, size, 0), done > 0
        axis, _ = step.axes(self.columns)
        reach: Array = np.where(done > 0, np.minimum(size, axis.end(done)), 0)
        again = (done > 1) & (axis.end(done - 1) >= reach)
        return reach, again | self.at_once[i]

    def _asks(self, i: int, written: Array, size: int) -> Flags:
        """Whether step i asks for the last line that is written."""
        asks: Flags = (self._reach(i, size)[0] >= written) & (self.done[i] > _before(self.done[i]))
        return asks

    def _needs(self, tensor: int, written: Array, size: int) -> Array:
        """The first line still needed while the last one is written.

        Who alone has asked for that has completed its own lines before; others may not have begun.
        """
        readers = self._readers(tensor)
        asks = {i: self._asks(i, written, size) for i in readers}
        least: Array = np.full(len(written), size)
        for i in readers:
            step, done = self.network.steps[i], self.done[i]
            before, last = _before(done), asks[i]
            others = np.zeros(len(done), bool)
            for k in (k for k in readers if k != i):
                if self._paired(i, k):
                    last = last | (asks[k] & (done == self.done[k]))
                else:
                    others |= asks[k]
            at = np.where(last & ~others & (done > before), done - 1, before)
            if step.reads is Reads.GLOBAL:
                first = np.where(before > 0, size, 0)
            else:
                axis, _ = step.axes(self.columns)
                ends = at >= self._size(step.target)
                first = np.where(ends, size, np.clip(axis.first(at), 0, size))
            least = np.minimum(least, first)
        return least

    def _kernel(self, tensor: int, size: int) -> int:
        """Lines that the largest kernel of a reader looks at."""
        steps = (self.network.steps[i] for i in self._readers(tensor))
        axes = (s.axes(self.columns)[0] for s in steps if s.reads is Reads.WINDOW)
        return max((min(size, axis.extent) for axis in axes), default=0)


def _before(values: Array) -> Array:
    """Of the tick before; nothing before the first."""
    return np.concatenate([[0], values[:-1]])
