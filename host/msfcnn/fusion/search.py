"""Every way to run every edge that can matter, priced: the edges of the fusion graph.

For an end of the stage and a band height the stage grows backwards, step by step. What a step
costs depends on the options downstream only through what is asked of the tensors it writes (the
state) and on what holds for the whole stage (the variant: its runs, tight windows or plain ones).
Options with equal states and variants are one item each, of which those are dropped that are no
better than another one in both bytes and price.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from msfcnn.fusion.edge import LONGEST
from msfcnn.fusion.finish import FinishedStages, finish
from msfcnn.fusion.growth import Growth
from msfcnn.fusion.items import Array, undominated
from msfcnn.fusion.options import Option, Scheme
from msfcnn.fusion.repeats import Repeats
from msfcnn.fusion.state import KnownWaits, Sweep, Terms
from msfcnn.ir import InputMode

_NEVER = 1 << 40  # bytes: more than any arena


@dataclass(frozen=True)
class Limits:
    """What need not be looked at.

    ram:   bytes; options with more. extra: those that cost so much more than they must.
    keep:  True: those that let go of a halo, and compute pixels twice. None: none of them.
    rows:  of a band; sweeps in higher ones.
    steps: of a stage; longer ones.
    """

    ram: int = _NEVER
    extra: int = _NEVER
    keep: bool | None = None
    rows: int = _NEVER
    steps: int = LONGEST

    def cover(self, other: Limits) -> bool:
        """Whether a search within these finds all that one within the others needs; rows aside."""
        return (
            self.ram >= other.ram
            and self.extra >= other.extra
            and self.steps >= other.steps
            and self.keep == other.keep
        )


@dataclass
class Found:
    """Options of one edge that were priced together.

    run, tight, lean, total, without_io, price, keep: one entry per option; the first three as in
    Option.
    """

    scheme: Scheme
    band: int
    split: int
    run: Array
    tight: NDArray[np.bool_]
    lean: NDArray[np.bool_]
    total: Array
    without_io: Array
    price: Array
    keep: NDArray[np.uint64]

    def take(self, index: NDArray[np.bool_]) -> Found:
        """Some of them."""
        return replace(
            self,
            run=self.run[index],
            tight=self.tight[index],
            lean=self.lean[index],
            total=self.total[index],
            without_io=self.without_io[index],
            price=self.price[index],
            keep=self.keep[index],
        )


def alone(option: Option, total: int, without_io: int, price: int) -> Found:
    """A single option that keeps no halo."""
    return Found(
        scheme=option.scheme,
        band=option.band,
        split=option.split,
        run=np.array([option.run], np.int64),
        tight=np.array([option.tight]),
        lean=np.array([option.lean]),
        total=np.array([total], np.int64),
        without_io=np.array([without_io], np.int64),
        price=np.array([price], np.int64),
        keep=np.zeros(1, dtype=np.uint64),
    )


FoundEdges = dict[tuple[int, int], list[Found]]
Searched = list[tuple[int, Found]]
"""How many steps an edge has, and its options."""
Known = tuple[Limits, Searched]
"""What was found within some limits."""


def search(
    sweep: Sweep,
    terms: Terms,
    limits: Limits,
    known: KnownWaits,
    found: FoundEdges,
    repeats: Repeats[Known],
) -> None:
    """Adds every edge that ends where the sweep does."""
    core = sweep.network.measured.core
    kind = (terms.currency, core, sweep.columns, sweep.band, terms.run, terms.tight, terms.lean)
    known_before = repeats.recall(sweep.end, kind, limits)
    if known_before is None:
        these, depth = _grown(sweep, terms, limits, known)
        if depth is not None:
            repeats.note(sweep.end, kind, limits, depth, (limits, these))
    else:
        within, these = known_before
        these = these if within == limits else _limited(these, limits, terms.floors, sweep.end)
    for steps, options in these:
        found.setdefault((sweep.end - steps, sweep.end), []).append(options)


def _limited(found: Searched, limits: Limits, floors: tuple[int, ...], end: int) -> Searched:
    """What a search within narrower limits would have found."""
    fewer: Searched = []
    for steps, options in found:
        if steps == 1:
            fewer.append((steps, options))
        elif steps <= limits.steps:
            price = options.price - sum(floors[end - steps : end])
            ok = (price <= limits.extra) & (options.without_io <= limits.ram)
            if ok.any():
                fewer.append((steps, options if ok.all() else options.take(ok)))
    return fewer


def _grown(
    sweep: Sweep, terms: Terms, limits: Limits, known: KnownWaits
) -> tuple[Searched, int | None]:
    """Every edge, and how many steps were looked at; None if there were no more to look at."""
    growth = Growth(sweep, terms, lambda _: limits.keep, known)
    found: Searched = []
    for steps in range(1, min(limits.steps, sweep.end) + 1):
        i = sweep.end - steps
        single = steps == 1  # layer by layer is always possible
        if not growth.add(i) or not (single or _prune(growth, limits)):
            return found, steps
        if sweep.columns and _once(growth, i):
            continue
        finished = finish(growth, i)
        if finished is not None and not (sweep.columns and len(finished.edge.steps) == 1):
            options = _options(growth, finished, Limits() if single else limits)
            found += [] if options is None else [(steps, options)]
    return found, limits.steps if sweep.end >= limits.steps else None


def _once(growth: Growth, i: int) -> bool:
    """Whether it reads pushed rows: bands would read them again."""
    network = growth.network
    return network.mode is InputMode.PUSH and network.steps[i].loads


def _prune(growth: Growth, limits: Limits) -> bool:
    """Drop what is too large or dominated; equal states become one. False if nothing is left."""
    items = growth.items
    shared = growth.scratch.shared(items.runs, items.variant, growth.sums)
    small = items.bytes + shared + growth.sums + growth.whole <= limits.ram
    small &= items.price - growth.floor <= limits.extra
    if not small.all():
        growth.items = items.take(small)
    if not growth.sweep.columns:  # no halo is kept: one state, and one item of each variant
        return len(growth.items.bytes) > 0
    growth.renumber()
    if len(growth.items.bytes) > 1:
        growth.items = growth.items.take(undominated(growth.items))
        growth.renumber()
    return len(growth.items.bytes) > 0


def _options(growth: Growth, finished: FinishedStages, limits: Limits) -> Found | None:
    """Those finished stages that respect the limits."""
    sweep, items = growth.sweep, growth.items
    ok = (finished.price - growth.floor <= limits.extra) & (finished.bare <= limits.ram)
    if not ok.any():
        return None
    lines = Scheme.LAYER if len(finished.edge.steps) == 1 else Scheme.LINE
    return Found(
        scheme=Scheme.H_CACHE if sweep.columns else lines,
        band=sweep.band,
        split=sweep.split,
        run=growth.run[items.variant[ok]],
        tight=growth.tight[items.variant[ok]],
        lean=np.array(growth.terms.lean)[items.variant[ok]],
        total=finished.total[ok],
        without_io=finished.bare[ok],
        price=finished.price[ok],
        keep=items.keep[ok],
    )
