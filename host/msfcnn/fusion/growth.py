"""A stage as it grows backwards, step by step: the one description of what it needs and costs.

Everything is an array over *states*: what the steps so far ask of the tensors that they read and
nobody has written yet. Pricing one option is the case of a single state; the search for all
options of an edge has many. The engine (`riot_pkg/msfcnn/src`) does what is
counted here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from msfcnn.fusion.edge import follows, reads_alike
from msfcnn.fusion.hull import hull
from msfcnn.fusion.items import Array, Items, joined, one_each, renumbered
from msfcnn.fusion.overlap import Position, leading, walk
from msfcnn.fusion.price import Place, kernel_at
from msfcnn.fusion.scratch import no_scratch
from msfcnn.fusion.state import (
    SUM_BYTES,
    Closed,
    Demand,
    FirstWindow,
    Keep,
    KnownWaits,
    Sweep,
    Terms,
)
from msfcnn.fusion.step import Step
from msfcnn.fusion.waiting import Joins, Waiting
from msfcnn.fusion.windows import Delay, Extents, Resident, Way, delay
from msfcnn.ir import Reads


class Growth:
    """Partial stages that end in one place; `items` may be thinned between two steps."""

    def __init__(self, sweep: Sweep, terms: Terms, keep: Keep, known: KnownWaits) -> None:
        self.sweep, self.terms, self.keep, self.known = sweep, terms, keep, known
        self.network = sweep.network
        self.joins = Joins(
            network=self.network, end=sweep.end, columns=sweep.columns, known=known.waits
        )
        self.run = np.array(terms.run, np.int64)
        self.tight = np.array(terms.tight)
        self.items = one_each(len(self.run))
        self.states = 1
        self.asked: dict[int, Demand] = {}  # by step with an open input; ~tensor: more writers come
        self.open: dict[int, list[int]] = {}  # readers of tensors that nobody has written yet
        self.positions: dict[int, Position] = {}
        self.first_windows: dict[int, FirstWindow | None] = {}
        self.closed: dict[int, Closed] = {}
        self.early: dict[int, int] = {}
        self.ends = 0
        self.scratch = no_scratch(terms.run, terms.lean)
        self.sums = self.floor = 0
        # bytes that stand beside its windows wherever it begins: what is alive behind it
        final = sweep.end == len(self.network.steps)
        self.whole = 0 if final else self.network.live_bytes[sweep.end]

    # growing

    def add(self, i: int) -> bool:
        """Step i in front; False if no stage of these steps exists."""
        step = self.network.steps[i]
        whole = self.network.dies[step.z] >= self.sweep.end
        readers = [k for k in self.network.readers[step.z] if k < self.sweep.end]
        if not all(follows(self.network.steps[k], step) for k in readers):
            return False
        if not reads_alike(self.network, i, self.sweep.end):
            return False
        if whole and self.sweep.columns and self.ends:
            return False
        self.floor += self.terms.floors[i]
        if whole:
            self._add_end(i, step)
        elif ~step.z in self.asked:
            self._add_writer(i, step)
        else:
            self._close(i, step)
        if self.network.writers[step.z][0] == i:
            self.asked.pop(~step.z, None)
        self.joins.add(i)
        self._open(i, step)
        return len(self.items.bytes) > 0

    def renumber(self) -> None:
        """States that are equal become one."""
        if self.states == 1:
            return
        keys = list(self.asked)
        states = np.stack([self.asked[k].low for k in keys], axis=1) if keys else None
        if states is None:
            states = np.zeros((self.states, 1, 1), np.int64)
        self.items, kept = renumbered(self.items, states)
        if len(kept) != self.states:
            for k in keys:
                self.asked[k] = replace(self.asked[k], low=self.asked[k].low[kept])
            self.states = len(kept)

    def _open(self, i: int, step: Step) -> None:
        """What step i reads is to be written by others."""
        for tensor in dict.fromkeys(step.inputs()):
            self.open.setdefault(tensor, []).append(i)
        if step.y is not None:
            self.items.blocked[i] = np.zeros(len(self.items.bytes), np.int64)
        if step.reads is Reads.GLOBAL:
            self.sums += SUM_BYTES * self.sweep.channels(step.target[2])
        if step.loads:
            self._charge(i, Place(columns=self.sweep.columns))
            self._forget(i)

    def _forget(self, i: int) -> None:
        """Step i has no open input any more."""
        if any(i in readers for readers in self.open.values()):
            return
        self.asked.pop(i)
        self.items.run.pop(i, None)
        self.items.blocked.pop(i, None)
        self.positions.pop(i, None)
        self.first_windows.pop(i, None)

    def _add_end(self, i: int, step: Step) -> None:
        """Step i writes a whole tensor."""
        self.ends += 1
        lines, pixels = self.sweep.extents(step.target)
        band = self.sweep.band if self.ends == 1 else pixels
        count = -(-pixels // band)
        high = np.minimum((np.arange(count, dtype=np.int64) + 1) * band, pixels)
        low = np.tile(np.arange(count, dtype=np.int64) * band, (self.states, 1))
        self.asked[i] = Demand(low=low, high=high, used=lines, whole=True)
        for reader in self.open.pop(step.z, ()):
            if self.network.steps[reader].x == step.z:
                self._charge(reader, Place(columns=self.sweep.columns))
            self._forget(reader)
        if self.ends == 1 and not self.sweep.columns:
            self.positions[i] = Position(lines, pixels)
            self.written = self.positions[i].bytes(pixels, step.target[2])
        self.first_windows[i] = None
        self.items.run[i] = np.zeros(len(self.items.bytes), np.int64)

    def _add_writer(self, i: int, step: Step) -> None:
        """Step i writes other channels of a tensor whose window is known."""
        self.asked[i] = self.asked[~step.z]
        if ~step.z in self.positions:
            self.positions[i] = self.positions[~step.z]
        self.first_windows[i] = None
        self.items.run[i] = np.zeros(len(self.items.bytes), np.int64)

    def demand(self, tensor: int) -> Demand:
        """What those who read a tensor ask of it together."""
        return hull(self.sweep, self.open[tensor], self.asked)

    # inner tensors

    def _close(self, i: int, step: Step) -> None:
        """The window of what step i writes, with all its readers known; its halo kept or not."""
        tensor = step.z
        plain = self.demand(tensor)
        halo = (plain.done[None, 1:-1] - plain.low[:, 1:]).max(axis=1, initial=0)
        # of a line that is not computed to its end there is nothing to keep
        able = (halo > 0) & plain.whole
        keep = self.keep(tensor) if self.sweep.columns and able.any() else False
        readers = self.open.pop(tensor)
        self._place(i, tensor, readers)
        branches: list[tuple[Items, Array]] = []
        if keep is not True:
            branches.append((self._branch(i, readers, plain, plain, None), plain.low))
        if keep is not False:
            fresh = replace(plain, low=np.maximum(plain.low, plain.done[None, :-1]))
            kept = self._branch(i, readers, plain, fresh, halo)
            branches.append((kept.take(able[kept.state]), fresh.low))
        self._merge(i, branches, plain)
        for reader in readers:
            self._forget(reader)
        if len(self.network.writers[tensor]) > 1:
            self.asked[~tensor] = self.asked[i]

    def _place(self, i: int, tensor: int, readers: list[int]) -> None:
        """How far the writer is in a row sweep when the output has got so far."""
        if self.sweep.columns or self.ends > 1:
            return
        found = []
        for reader in readers:
            step = self.network.steps[reader]
            its = walk(step, False, self.asked[reader].used)
            found.append(self.positions[reader].before(its, step.reads is Reads.GLOBAL))
        self.positions[i] = leading(found)
        if len(self.network.writers[tensor]) > 1:
            self.positions[~tensor] = self.positions[i]

    def _merge(self, i: int, branches: list[tuple[Items, Array]], plain: Demand) -> None:
        """States with the halo kept are others than those without."""
        items = branches[0][0]
        if len(branches) == 2:
            more = branches[1][0]
            items = joined(items, replace(more, state=more.state + self.states))
            for k, asked in self.asked.items():
                self.asked[k] = replace(asked, low=np.concatenate([asked.low, asked.low]))
            self.states *= 2
        self.items = items
        self.asked[i] = replace(plain, low=np.concatenate([low for _, low in branches]))

    def _branch(
        self, i: int, readers: list[int], plain: Demand, fresh: Demand, halo: Array | None
    ) -> Items:
        """The items with one way to keep the tensor that step i writes; halo: that is kept."""
        step = self.network.steps[i]
        ways, late = self._ways(i, step, readers, plain, fresh)
        items, at = self.items, self.items.at
        second: NDArray[np.bool_] | None = None
        if late is not None:
            free = items.blocked[late.last] == 0
            second = free & (ways[1].bytes < ways[0].bytes)[at]

        def pick(values: list[Array]) -> Array:
            """Of the way that each item takes."""
            if second is None:
                return values[0][at]
            return np.where(second, values[1][at], values[0][at])

        chosen = [pick([way.bytes for way in ways])]
        shared = pick([way.shared for way in ways])
        price = items.price
        for reader in (r for r in readers if self.network.steps[r].x == step.z):
            price = price + pick([self._inner_price(reader, way) for way in ways])
        keep, blocked = items.keep, items.blocked
        copied = None
        channels = self.sweep.channels(step.z_channels)
        if halo is not None:
            chosen.append((halo * plain.used * channels)[items.state])
            copied = ((fresh.low - plain.low).sum(axis=1) + plain.low.shape[1] * halo) * plain.used
            copy = self.terms.price.copy(channels, ways[0].planar)
            price = price + (copied * copy)[items.state]
            keep = keep | np.uint64(1 << (self.sweep.end - 1 - i))
            blocked = {k: np.ones_like(v) for k, v in blocked.items()}
        self._note(i, ways, readers, channels)
        self.closed[step.z] = Closed(
            ways=ways,
            second=np.zeros(len(items.bytes), bool) if second is None else second,
            shared=bool(ways[-1].shared.any()),
            channels=channels,
            used=plain.used,
            halo=halo,
            copied=copied,
            late=late,
        )
        runs = items.runs
        if shared.any():
            both = np.maximum(runs, shared + items.run[readers[0]])
            runs = np.where(shared > 0, both, runs)
        return Items(
            state=items.state,
            variant=items.variant,
            bytes=items.bytes + sum(chosen),
            runs=runs,
            price=price,
            keep=keep,
            run={**items.run, i: shared},
            blocked=dict(blocked),
        )

    def _ways(
        self, i: int, step: Step, readers: list[int], plain: Demand, fresh: Demand
    ) -> tuple[tuple[Way, ...], Delay | None]:
        """How the tensor can be kept: the last way has a ring for the pixels of a sum only."""
        steps, tensor = self.network.steps, step.z
        writers = self.network.writers[tensor]
        length = (plain.high - plain.low).max(axis=1)
        replayed = (fresh.low - plain.low).max(axis=1)
        extents = Extents(
            columns=self.sweep.columns,
            channels=self.sweep.channels(step.z_channels),
            lines=self.sweep.extents(step.target)[0],
            length=length,
            pieces=np.maximum(replayed, (plain.high - fresh.low).max(axis=1)),
            computed={k: (self.asked[k].high - self.asked[k].low).max(axis=1) for k in readers},
            run=self.run,
            tight=self.tight,
        )
        loaded = any(steps[k].loads for k in writers)

        def alone(k: int) -> Way:
            if steps[k].reads is Reads.WINDOW:
                return extents.window(steps[k], k, steps[k].likes_planes and not loaded)
            return extents.pixels(shared=steps[k].x == tensor)

        early = self._early(i)
        if early is not None:
            slides = steps[readers[0]].reads is Reads.WINDOW
            return (extents.several_lines(early, True) if slides else extents.ring(early),), None
        if len(readers) == 1:
            several = len(writers) > 1 and steps[readers[0]].reads is not Reads.WINDOW
            return (extents.filled_by_several() if several else alone(readers[0]),), None
        waiting = self.joins.waiting(tensor)
        lines = any(steps[k].reads is Reads.WINDOW for k in readers)
        together = (
            extents.several_lines(waiting, len(writers) == 1) if lines else extents.ring(waiting)
        )
        late = self._delay(tensor) if self.joins.meet(tensor) else None
        if late is None:
            return (together,), None
        return (together, extents.with_copy(alone(late.first), late)), late

    def _early(self, i: int) -> Waiting | None:
        """How long what step i writes waits if it runs along with another one of the stage."""
        found = self.joins.early(i)
        if found is not None:
            self.early[i] = self.network.early[i]
        return found

    def _delay(self, tensor: int) -> Delay | None:
        """How long the slowest reader lags; the same for all options, so it is computed once.

        It holds where all readers follow the lines of one join, not where an output of the stage
        between them is computed a line at a time (`Joins.meet`).
        """
        key = (tensor, self.sweep.columns)
        if key not in self.known.delays:
            self.known.delays[key] = delay(self.network, *key)
        return self.known.delays[key]

    def _note(self, i: int, ways: tuple[Way, ...], readers: list[int], channels: int) -> None:
        """The first window behind step i; scratch of the kernels that read what it writes."""
        for reader in readers:
            step = self.network.steps[reader]
            if step.x == self.network.steps[i].z:
                if any(way.shared.any() for way in ways):
                    self.scratch = self.scratch.with_run(i, reader, channels)
                kernels = [kernel_at(step, True, way.planar) for way in ways]
                self.scratch = self.scratch.with_kernel(kernels, i, reader)
        if self.sweep.columns or len(self.network.writers[self.network.steps[i].z]) > 1:
            self.first_windows[i] = None
        elif ways[0].resident is Resident.LINES:
            second = (ways[-1].bytes < ways[0].bytes)[0]
            slots = np.where(second, ways[-1].slots[0], ways[0].slots[0])
            save = np.where(second, ways[-1].save[0], ways[0].save[0]) * channels
            line = int(ways[0].length[0, 0]) * channels
            self.first_windows[i] = FirstWindow(self.network.steps[i].z, slots, line, save)
        else:
            runs = [r for r in readers if self.network.steps[r].reads is Reads.RUN]
            behind = [self.first_windows[r] for r in runs]
            self.first_windows[i] = next((w for w in behind if w is not None), None)

    # prices

    def price(self, k: int, place: Place) -> Array:
        """What step k costs: [states, variants]."""
        asked, step = self.asked[k], self.network.steps[k]
        lines = self.terms.lines(k, step, place, self.sweep.split)
        total: Array = lines[:, asked.high - asked.low].sum(axis=2).T * asked.used
        return total

    def macs(self, k: int) -> int:
        """MACs of the step that was added last, in the first state."""
        asked = self.asked.get(k)
        if asked is None:
            return 0
        pixels = int((asked.high - asked.low[0]).sum())
        return pixels * asked.used * self.network.steps[k].macs_per_pixel

    def _inner_price(self, k: int, way: Way) -> Array:
        """Of a step that reads a window."""
        columns = self.sweep.columns
        price = self.price(k, Place(inner=True, planar=way.planar, columns=columns))
        if not way.tight.any():
            return price
        dear = self.price(k, Place(inner=True, planar=way.planar, tight=True, columns=columns))
        return np.where(way.tight, dear, price)

    def _charge(self, k: int, place: Place) -> None:
        """Step k reads a whole tensor."""
        self.items.price = self.items.price + self.price(k, place)[self.items.at]
        kernel = kernel_at(self.network.steps[k], inner=False, planar=False)
        self.scratch = self.scratch.with_kernel([kernel], k)
