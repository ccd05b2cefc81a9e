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
        # by step: whether its last line so far is asked for whole
        self.at_once: dict[int, Flags] = {}
        self.reached: dict[tuple[int, int], tuple[Array, Flags]] = {}

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
        readers = self._reading(tensor, written, size)
        needs = readers.needs(size)
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
            ordered=early is None and readers.ordered(written, written - 1 - advanced),
        )

    def _reading(self, tensor: int, written: Array, size: int) -> _Readers:
        """All that read a tensor, while so many of its lines are written."""
        readers = self._readers(tensor)
        done = np.stack([self.done[i] for i in readers])
        before = np.stack([_before(self.done[i]) for i in readers])
        reach = np.stack([self._reach(i, size)[0] for i in readers])
        # whether the first of two keeps pace with the second
        leads = np.array([[-1 if (k := self.lead(i)) is None else k] for i in readers])
        leads = leads == np.array(readers)
        steps = [self.network.steps[i] for i in readers]
        axes = [step.axes(self.columns)[0] for step in steps]
        return _Readers(
            done=done,
            before=before,
            asks=(reach >= written) & (done > before),
            at_once=np.stack([self.at_once[i] for i in readers]),
            paired=leads | leads.T,
            all_of_it=np.array([[step.reads is Reads.GLOBAL] for step in steps]),
            lines=np.array([[self._size(step.target)] for step in steps]),
            stride=np.array([[axis.stride] for axis in axes]),
            pad=np.array([[axis.pad] for axis in axes]),
            up=np.array([[axis.up] for axis in axes]),
        )

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
        shares = [np.arange(1, size + 1) * LINE_SHARES // size for size in sizes]
        whose = np.repeat(np.arange(len(ends)), sizes)
        whose = whose[np.lexsort([whose, np.concatenate(shares)])]
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
        found = [self._reach(i, size) for i in self._readers(tensor)]
        if not found:
            ticks = len(next(iter(self.done.values())))
            return np.zeros(ticks, np.int64), np.zeros(ticks, bool)
        reach = np.stack([lines for lines, _ in found])
        most: Array = np.maximum(reach.max(axis=0), 0)
        at_once: Flags = (np.stack([whole for _, whole in found]) & (reach == most)).any(axis=0)
        return most, at_once

    def _reach(self, i: int, size: int) -> tuple[Array, Flags]:
        """Lines that step i asks for, and whether the last of them as a whole."""
        if (i, size) not in self.reached:
            self.reached[i, size] = self._asked(i, size)
        return self.reached[i, size]

    def _asked(self, i: int, size: int) -> tuple[Array, Flags]:
        step, done = self.network.steps[i], self.done[i]
        if step.reads is Reads.GLOBAL:
            return np.where(done > 0, size, 0), done > 0
        axis, _ = step.axes(self.columns)
        reach: Array = np.where(done > 0, np.minimum(size, axis.end(done)), 0)
        again = (done > 1) & (axis.end(done - 1) >= reach)
        return reach, again | self.at_once[i]

    def _kernel(self, tensor: int, size: int) -> int:
        """Lines that the largest kernel of a reader looks at."""
        steps = (self.network.steps[i] for i in self._readers(tensor))
        axes = (s.axes(self.columns)[0] for s in steps if s.reads is Reads.WINDOW)
        return max((min(size, axis.extent) for axis in axes), default=0)


@dataclass(frozen=True)
class _Readers:
    """Those that read a tensor of a region; arrays are [readers, ticks], or [readers, 1].

    done, before: lines that they have completed, now and a tick ago.
    asks:    whether they ask for the last line that is written.
    at_once: whether their own last line is asked for as a whole.
    paired:  [readers, readers] whether one of two keeps pace with the other.
    all_of_it: whether they need all lines to the end.
    lines:   of what they write. stride, pad, up: of their axis across lines.
    """

    done: Array
    before: Array
    asks: Flags
    at_once: Flags
    paired: Flags
    all_of_it: Flags
    lines: Array
    stride: Array
    pad: Array
    up: Array

    @property
    def others(self) -> Flags:
        """Whether one that is not paired with it asks for the last line, too."""
        asks = self.asks.astype(np.int64)
        found: Flags = asks.sum(axis=0) - asks - self.paired.astype(np.int64) @ asks > 0
        return found

    def _first(self, position: Array) -> Array:
        """As Axis.first."""
        return (position * self.stride - self.pad) // self.up

    def needs(self, size: int) -> Array:
        """The first of `size` lines still needed while the last one is written.

        Who alone has asked for that has completed its own lines before; others may not have begun.
        """
        last = self.asks
        if self.paired.any():
            alike = self.done[:, None] == self.done[None]
            last = last | (self.paired[:, :, None] & self.asks[None] & alike).any(axis=1)
        alone = last & ~self.others & (self.done > self.before)
        at = np.where(alone, self.done - 1, self.before)
        first = np.where(at >= self.lines, size, np.clip(self._first(at), 0, size))
        first = np.where(self.all_of_it, np.where(self.before > 0, size, 0), first)
        least: Array = first.min(axis=0)
        return least

    def ordered(self, written: Array, overwritten: Array) -> bool:
        """Whether nobody reads several lines of what another reader's request overwrites.

        A reader that computes one line follows the newest line pixel by pixel; if it computes more,
        those before come first, but only those that it asks for itself.
        """
        if self.all_of_it.any() or (self.up > 1).any():
            return False
        more = (self.done - self.before > 1) | self.at_once
        reads = (self._first(self.before) <= overwritten) & (overwritten >= 0)
        advances = written > _before(written)
        return not (self.others & more & reads & advances).any()


def _before(values: Array) -> Array:
    """Of the tick before; nothing before the first."""
    return np.concatenate([[0], values[:-1]])
