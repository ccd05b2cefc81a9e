"""Every way to run every chain that can matter, priced: the edges of the fusion graph.

`cost` prices one option. Here all of them are priced together: for an end of the chain and a
band height the chain grows backwards, step by step. What a step costs depends on the options
downstream only through the pixels that its output must deliver (the state) and on what holds for
the whole stage (the variant: its runs, tight windows or plain ones). Options with equal states and
variants are one item each, of which those are dropped that are no better than another one in both
bytes and price. The results equal `cost` exactly; a test compares them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from msfcnn.fusion.chains import LONGEST, Chain, Chains, delayed, fuses
from msfcnn.fusion.cost import SUM_BYTES, is_final, is_planar
from msfcnn.fusion.items import Array, Items, joined, one_each, renumbered, undominated
from msfcnn.fusion.options import DEFAULT_RUN, Option, Scheme
from msfcnn.fusion.overlap import Position, Walk, overhang, unfilled
from msfcnn.fusion.price import Currency, Place, Price, kernel_at
from msfcnn.fusion.step import Step
from msfcnn.fusion.steps import Network
from msfcnn.ir import Axis, InputMode, Reads

_NEVER = 1 << 40  # bytes: more than any arena


@dataclass(frozen=True)
class Limits:
    """What need not be looked at: options with more bytes, or that cost more than they must."""

    ram: int = _NEVER
    extra: int = _NEVER


@dataclass(frozen=True)
class Terms:
    """What options are charged for, and how their stages run.

    price:  of pieces of a stage, in the currency.
    floors: for every step what no plan pays less for.
    run, tight: as in Option, one entry per variant.
    """

    currency: Currency
    price: Price
    floors: tuple[int, ...]
    run: tuple[int, ...] = (DEFAULT_RUN,)
    tight: tuple[bool, ...] = (True,)
    _lines: dict[tuple[int, Place], Array] = field(init=False, default_factory=dict, compare=False)

    def lines(self, i: int, step: Step, place: Place) -> Array:
        """Price of n consecutive pixels of a line of step i: [variants, pixels + 1]."""
        known = self._lines.get((i, place))
        if known is None:
            known = np.stack([self.price.line(step, place, run) for run in self.run])
            self._lines[i, place] = known
        return known


@dataclass
class Found:
    """Options of one edge that were priced together.

    run, tight, total, without_io, price, keep: one entry per option; run, tight as in Option.
    """

    scheme: Scheme
    band: int
    split: int
    run: Array
    tight: NDArray[np.bool_]
    total: Array
    without_io: Array
    price: Array
    keep: NDArray[np.uint64]


def alone(option: Option, total: int, without_io: int, price: int) -> Found:
    """A single option that keeps no halo."""
    return Found(
        option.scheme,
        option.band,
        option.split,
        np.array([option.run], np.int64),
        np.array([option.tight]),
        np.array([total], np.int64),
        np.array([without_io], np.int64),
        np.array([price], np.int64),
        np.zeros(1, dtype=np.uint64),
    )


@dataclass
class _Skip:
    """A sum at step `add`; its second operand is tensor `source`."""

    add: int
    source: int
    tensor: int
    behind_lines: int
    behind_pixels: int
    possible: bool
    read: Array | None


@dataclass
class Sweep:
    """Backward growth of the chains that end before step `end`, for one band height."""

    network: Network
    chains: Chains
    end: int
    columns: bool
    band: int
    terms: Terms
    limits: Limits
    found: dict[tuple[int, int], list[Found]]
    skips: list[_Skip] = field(default_factory=list)

    def __post_init__(self) -> None:
        last = self.network.steps[self.end - 1]
        self.lines, self.pixels = self._extents(last.target)
        count = -(-self.pixels // self.band)
        high = np.minimum((np.arange(count) + 1) * self.band, self.pixels)
        self.high = high.astype(np.int64)
        self.used = self.lines
        self.fresh = (np.arange(count) * self.band).astype(np.int64)[None, :]
        self.run = np.array(self.terms.run, np.int64)
        self.tight = np.array(self.terms.tight)
        self.items = one_each(len(self.run))
        self.out_high = self.high
        none = np.zeros(len(self.run), np.int64)
        self.first_window = (none, 0, none)  # slots, bytes of a line, bytes saved
        if not self.columns:
            self.position = Position(self.lines, self.pixels)
            self.written = self._written(last)
        self.floor = 0
        self.sums = self.scratch = 0

    def _extents(self, shape: tuple[int, int, int]) -> tuple[int, int]:
        return (shape[1], shape[0]) if self.columns else (shape[0], shape[1])

    def _axes(self, step: Step) -> tuple[Axis, Axis]:
        return (step.columns, step.rows) if self.columns else (step.rows, step.columns)

    def _written(self, step: Step) -> Array:
        return self.position.bytes(self._extents(step.target)[1], step.target[2])

    def _walk(self, step: Step) -> Walk:
        """Of the step that was met last."""
        across, along = self._axes(step)
        return Walk(across, along, *self._extents(step.source), step.source[2], self.used)

    def grow(self) -> None:
        """Price every chain that ends here."""
        steps = self.network.steps
        for i in range(self.end - 1, max(-1, self.end - 1 - LONGEST), -1):
            if i < self.end - 1 and not self._extend(i + 1):
                return
            self._compute(steps[i], i)
            if self.end - i > 1:
                self._finish(i)
            if i == 0 or not fuses(steps[i - 1], steps[i]):
                return

    def _compute(self, step: Step, i: int) -> None:
        """Step i delivers the fresh pixels: what it reads of tensor i."""
        across, along = self._axes(step)
        lines, pixels = self._extents(step.source)
        self.computed = self.high[None, :] - self.fresh
        self.floor += self.terms.floors[i]
        if step.y is not None:
            self._meet_sum(step, i)
        whole = step.reads is Reads.GLOBAL
        self.in_used = lines if whole else min(lines, across.end(self.used))
        top = np.full_like(self.high, pixels) if whole else along.end(self.high)
        self.in_high = np.minimum(pixels, top)
        done = np.concatenate([[0], self.in_high[:-1]])
        low = np.zeros_like(self.fresh) if whole else np.maximum(0, along.first(self.fresh))
        self.low = np.where(self.computed > 0, low, done[None, :])
        self.done = done
        if step.reads is Reads.GLOBAL:
            self.sums += SUM_BYTES * step.target[2]

    def _meet_sum(self, step: Step, i: int) -> None:
        """A new skip; the bytes of its ring are due when its source becomes an inner tensor."""
        assert step.y is not None
        # a concatenation is whole when its last part is written
        writers = [k for k in range(i) if self.network.steps[k].z == step.y]
        source = max(writers, default=-1) + 1
        between = self.network.steps[source:i]
        behind = [self._axes(s) for s in between]
        skip = _Skip(
            i,
            source,
            step.y,
            sum(a.extent - 1 - a.pad for a, _ in behind),
            sum(a.extent - 1 - a.pad for _, a in behind),
            delayed(between) and all(s.source != source for s in self.skips),
            None if self.columns else self._written(step),
        )
        length = self.computed.max(axis=1)[:, None]
        ahead = np.minimum(length, self.run + skip.behind_pixels)
        waiting = skip.behind_lines * length + ahead
        lines, _ = self._extents(step.source)
        ring = np.minimum(waiting, length * lines) * step.target[2]
        self.skips.append(skip)
        late = ring if skip.possible else np.full_like(ring, _NEVER)
        self.items.late = np.column_stack([self.items.late, late[self.items.at]])

    def _finish(self, first: int) -> None:
        """The items as complete stages that begin with step `first`."""
        head = self.network.steps[first]
        if head.loads and self.columns and self.network.mode is InputMode.PUSH:
            return
        edge = self.chains.get((first, self.end))
        if edge is None:
            return
        items = self.items
        ok = np.ones(len(items.bytes), dtype=bool)
        for k, skip in enumerate(self.skips):
            if skip.source == first and head.x == skip.tensor:
                ok &= items.late[:, k] < _NEVER
        scratch = max(self.scratch, kernel_at(head, inner=False, planar=False).scratch)
        price = items.price + self._price(head, first, Place(columns=self.columns))[items.at]
        ok &= price - self.floor <= self.limits.extra
        windows = items.bytes + items.runs + self.sums + scratch
        region = self._region(edge)[items.at]
        total = windows + region + edge.other_bytes
        bare = total
        if is_final(edge):
            bare = np.minimum(total, windows + edge.input_bytes + edge.other_bytes)
        ok &= bare <= self.limits.ram
        if not ok.any():
            return
        self.found.setdefault((first, self.end), []).append(
            Found(
                Scheme.H_CACHE if self.columns else Scheme.LINE,
                self.band,
                0,
                self.run[items.variant[ok]],
                self.tight[items.variant[ok]],
                total[ok],
                bare[ok],
                price[ok],
                items.keep[ok],
            )
        )

    def _region(self, edge: Chain) -> Array:
        """Bytes of input and output together, [states, variants]."""
        source, target = edge.input_bytes, edge.output_bytes
        every = np.zeros((len(self.low), len(self.run)), dtype=np.int64)
        if not edge.may_overlap:
            return every + (source + target)
        if not self.columns:
            return every + self._row_region(edge)
        row_in = self._extents(edge.steps[0].source)[0] * edge.steps[0].source[2]
        row_out = self.lines * edge.steps[-1].target[2]
        ahead = (self.out_high[None, :] * row_out - self.low * row_in).max(axis=1)
        region: Array = np.maximum(max(source, target), source + ahead)
        return every + region[:, None]

    def _row_region(self, edge: Chain) -> Array:
        """Per variant."""
        head = self._walk(edge.steps[0])
        skips = [s for s in self.skips if s.source == edge.first and s.tensor == edge.input]
        sums = [s.read for s in skips if s.read is not None]
        ahead = overhang(self.written, self.position.needed(head), sums)
        slots, line, saves = self.first_window
        windows = zip(slots.tolist(), saves.tolist(), strict=True)
        late = [unfilled(n, line, save, head) if n and not sums else 0 for n, save in windows]
        return edge.input_bytes + np.maximum(-np.array(late, np.int64), ahead)

    def _extend(self, i: int) -> bool:
        """Tensor i becomes an inner one: its window, and its halo kept or not."""
        step = self.network.steps[i]
        if self.network.dies[step.x] >= self.end:
            return False
        # see cost._window: what is loaded is not planar
        loaded = self.network.steps[i - 1].loads
        self.planar = is_planar(step, loaded)
        self.scratch = max(self.scratch, kernel_at(step, True, self.planar).scratch)
        if not self.columns:
            self.position = self.position.before(self._walk(step), step.reads is Reads.GLOBAL)
        self._pay_rings(i)
        plain, kept = self._branches(step, i)
        both = joined(plain, kept) if kept is not None else plain
        self.high, self.used = self.in_high, self.in_used
        self._prune(both)
        return len(self.items.bytes) > 0

    def _pay_rings(self, i: int) -> None:
        items = self.items
        for k, skip in enumerate(self.skips):
            if skip.source == i:
                items.bytes = items.bytes + items.late[:, k]
                items.late[:, k] = 0
        self.items = items.take(items.bytes < _NEVER)

    def _branches(self, step: Step, i: int) -> tuple[Items, Items | None]:
        items, channels = self.items, step.source[2]
        length: Array = (self.in_high[None, :] - self.low).max(axis=1)[:, None]
        window = run = np.zeros((len(length), len(self.run)), dtype=np.int64)
        tight = np.zeros(window.shape, dtype=bool)
        if step.reads is Reads.WINDOW:
            window, tight = self._window(step, length)
        else:
            run = np.minimum(self.run, length) * channels
        price = self._price(step, i, Place(True, self.planar, False, self.columns))
        if tight.any():
            dear = self._price(step, i, Place(True, self.planar, True, self.columns))
            price = np.where(tight, dear, price)
        at = items.at
        plain = self._with(items, items.state, window[at], run[at], price[at])
        halo = (self.done[None, 1:] - self.low[:, 1:]).max(axis=1, initial=0)
        able = halo[items.state] > 0
        if not self.columns or not able.any():
            self.states = self.low
            return plain, None
        fresh = np.maximum(self.low, self.done[None, :])
        if step.reads is not Reads.WINDOW:
            written = np.maximum(fresh - self.low, self.in_high[None, :] - fresh).max(axis=1)
            run = np.minimum(self.run, written[:, None]) * channels
        window = window + (halo * self.in_used * channels)[:, None]
        copied = (fresh - self.low).sum(axis=1) + len(self.high) * halo
        copies = copied * self.in_used * self.terms.price.copy(channels, self.planar)
        paid = (price + copies[:, None])[at]
        kept = self._with(items, items.state + len(self.low), window[at], run[at], paid)
        for k, skip in enumerate(self.skips):
            if skip.source < i <= skip.add:
                kept.late[:, k] = _NEVER
        kept.keep = kept.keep | np.uint64(1 << (self.end - i))
        self.states = np.concatenate([self.low, fresh])
        return plain, kept.take(able)

    def _window(self, step: Step, length: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Bytes, and whether it saves what is overwritten; [states, variants]."""
        across, along = self._axes(step)
        lines, _ = self._extents(step.source)
        channels, extent = step.source[2], across.extent
        run = np.minimum(self.run, self.computed.max(axis=1)[:, None])
        save = (run - 1) * along.stride + along.extent
        tight = self.tight & (save < length)
        if extent == 1 or lines < extent:
            tight = np.zeros_like(tight)
        slots = np.where(tight, extent - 1, min(extent, lines))
        save = np.where(tight, save, 0)
        if not self.columns:
            self.first_window = (slots[0], int(length[0, 0]) * channels, save[0] * channels)
        return (slots * length + save) * channels, tight

    def _price(self, step: Step, i: int, place: Place) -> Array:
        """What step i, met last, costs: [states, variants]."""
        pieces = self.terms.lines(i, step, place)[:, self.computed]
        total: Array = pieces.sum(axis=2).T * self.used
        return total

    def _with(self, items: Items, state: Array, window: Array, run: Array, price: Array) -> Items:
        return Items(
            state,
            items.variant,
            items.bytes + window,
            np.maximum(items.runs, run + items.run),
            run,
            items.price + price,
            items.late.copy(),
            items.keep,
        )

    def _prune(self, items: Items) -> None:
        """Drop what is too large or dominated; equal states become one."""
        small = items.bytes + items.runs + self.sums + self.scratch <= self.limits.ram
        small &= items.price - self.floor <= self.limits.extra
        items = items.take(small)
        items, self.states = renumbered(items, self.states)
        items = items.take(undominated(items))
        self.items, self.fresh = renumbered(items, self.states)
