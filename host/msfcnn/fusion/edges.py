"""The edges of the fusion graph by scheme: row sweeps, and column sweeps in bands."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from msfcnn.fusion.cost import costs
from msfcnn.fusion.edge import LONGEST, Edge, edge
from msfcnn.fusion.options import Option, Scheme
from msfcnn.fusion.repeats import Repeats
from msfcnn.fusion.search import Found, FoundEdges, Known, Limits, Searched, alone, search
from msfcnn.fusion.state import KnownWaits, Sweep, Terms
from msfcnn.fusion.steps import Network

SPLITS = (16, 32, 48, 64)
RUNS_OF_A_BAND = 2  # runs longer than a band are of little use


def band_heights(height: int) -> tuple[int, ...]:
    """The smallest band height for every number of bands."""
    return tuple(sorted({-(-height // count) for count in range(1, height + 1)}))


def line_stages(
    network: Network, limits: Limits, terms: Terms, give_up: bool = False
) -> FoundEdges:
    """Edges that run in a row sweep, whole or by groups of channels.

    give_up: leave off where no plan can be within the limits; then none gets to the last step.
    """
    found: FoundEdges = {}
    known, repeats = KnownWaits(), Repeats[Known](network, terms.floors)
    splits = [
        ((chain.first, chain.last), options)
        for chain in _splitting(network)
        for _, options in _splits(chain, terms, repeats)
    ]
    reached = {0}
    for end in range(1, len(network.steps) + 1):
        width = network.steps[end - 1].target[1]
        sweep = Sweep(network=network, end=end, columns=False, band=width)
        search(sweep, terms, limits, known, found, repeats)
        if _reaches(found, splits, limits.ram, reached, end):
            reached.add(end)
        elif give_up and end - max(reached) >= LONGEST:
            break
    for edge_, options in splits:
        found.setdefault(edge_, []).append(options)
    return found


def _reaches(
    found: FoundEdges,
    splits: list[tuple[tuple[int, int], Found]],
    ram: int,
    reached: set[int],
    end: int,
) -> bool:
    """Whether an edge of so many bytes leads from a cut point that was reached to this one."""
    begins = [first for first in range(max(0, end - LONGEST), end) if first in reached]
    options = [o for first in begins for o in found.get((first, end), ())]
    options += [o for (first, last), o in splits if last == end and first in reached]
    return any((o.without_io <= ram).any() for o in options)


def _splits(chain: Edge, terms: Terms, repeats: Repeats[Known]) -> Searched:
    """A chain by groups of channels."""
    steps = len(chain.steps)
    kind = ("split", steps, terms.currency, terms.run, terms.tight, terms.lean)
    known = repeats.recall(chain.last, kind, Limits())
    if known is None:
        known = Limits(), [(steps, found) for found in _split(chain, terms)]
        repeats.note(chain.last, kind, Limits(), steps, known)
    return known[1]


def _split(chain: Edge, terms: Terms) -> Iterator[Found]:
    ways = list(zip(terms.run, terms.tight, terms.lean, strict=True))
    for option in _split_options(chain):
        for (run, tight, lean), priced in zip(ways, costs(chain, option, ways), strict=True):
            way = replace(option, run=run, tight=tight, lean=lean)
            yield alone(way, priced.total, priced.without_io, priced.price(terms.currency))


def _splitting(network: Network) -> Iterator[Edge]:
    """Those that begin with a convolution and go on channel by channel."""
    for first, step in enumerate(network.steps):
        last = first + 1
        while step.heads_split and last < len(network.steps) and network.steps[last].channelwise:
            last += 1
            found = edge(network, first, last)
            if found is not None and found.splits:
                yield found


def _split_options(edge: Edge) -> Iterator[Option]:
    _, width, channels = edge.shape
    for split in (s for s in SPLITS if s < channels):
        yield Option(scheme=Scheme.LINE, band=width, split=split)


def band_stages(
    network: Network, limits: Limits, terms: Terms, ends: Collection[int] | None = None
) -> FoundEdges:
    """Edges that run in column sweeps, band by band; with `ends` only those to these cut points."""
    found: FoundEdges = {}
    known, repeats = KnownWaits(), Repeats[Known](network, terms.floors)
    suiting: dict[int, Terms] = {}
    for end in sorted(ends or range(2, len(network.steps) + 1)):
        for band in (b for b in band_heights(network.steps[end - 1].target[0]) if b <= limits.rows):
            count = sum(suits(run, terms.run[0], band) for run in terms.run)
            some = suiting.setdefault(count, _first(terms, count))
            sweep = Sweep(network=network, end=end, columns=True, band=band)
            search(sweep, some, limits, known, found, repeats)
    return found


def suits(run: int, shortest: int, band: int) -> bool:
    """Whether runs are worth a look for a band height."""
    return run <= max(shortest, RUNS_OF_A_BAND * band)


def _first(terms: Terms, count: int) -> Terms:
    """The first variants only."""
    return replace(terms, run=terms.run[:count], tight=terms.tight[:count], lean=terms.lean[:count])
