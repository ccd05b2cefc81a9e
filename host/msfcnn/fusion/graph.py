"""The fusion graph: cut points lie between two steps, edges are the steps between two of them."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass, replace
from enum import Enum
from itertools import product

import numpy as np
from numpy.typing import NDArray

from msfcnn.fusion.edge import follows
from msfcnn.fusion.edges import band_stages, line_stages
from msfcnn.fusion.options import DEFAULT_RUN, Option
from msfcnn.fusion.price import Currency, Place
from msfcnn.fusion.search import Found, FoundEdges, Limits
from msfcnn.fusion.state import Terms
from msfcnn.fusion.step import Step
from msfcnn.fusion.steps import Network
from msfcnn.ir import Axis, Reads

# pixels of a kernel call that plans for few instructions can choose; tiles have 2, 3 or 4 of them
LONGER_RUNS = (4, 8, 18, 36, 72)
NO_LIMITS = Limits()


class Schemes(Enum):
    """Which plan space is searched: ours, or the one of the msf-CNN paper."""

    ALL = "all"
    PAPER = "paper"


@dataclass(frozen=True)
class FusionGraph:
    """For every edge, by its cut points, the options that can matter."""

    network: Network
    run: int
    edges: FoundEdges
    currency: Currency = Currency.MACS


def option_of(network: Network, edge: tuple[int, int], found: Found, index: int) -> Option:
    """One of the options that were priced together."""
    first, last = edge
    mask = int(found.keep[index])
    bits = ((i, mask >> (last - 1 - i) & 1) for i in range(first, last))
    keep = frozenset(network.steps[i].z for i, kept in bits if kept)
    return Option(
        scheme=found.scheme,
        band=found.band,
        keep=keep,
        split=found.split,
        run=int(found.run[index]),
        tight=bool(found.tight[index]),
        lean=bool(found.lean[index]),
    )


def unfused_graph(
    network: Network,
    run: int = DEFAULT_RUN,
    currency: Currency = Currency.MACS,
    limits: Limits = NO_LIMITS,
    give_up: bool = False,
) -> FusionGraph:
    """Edges that compute nothing twice: single steps and row sweeps within the limits.

    give_up: if no plan of them can be, edges that would take a plan further may be missing.
    """
    terms = _with_plain(_terms(network, run, currency))
    return FusionGraph(network, run, line_stages(network, limits, terms, give_up), currency)


def with_bands(
    graph: FusionGraph, limits: Limits, ends: Collection[int] | None = None
) -> FusionGraph:
    """And those that run in bands, as far as the limits let them matter.

    ends: cut points where they may end; all if there are none.
    """
    edges = {edge: list(found) for edge, found in graph.edges.items()}
    terms = _terms(graph.network, graph.run, graph.currency)
    for edge, found in band_stages(graph.network, limits, terms, ends).items():
        edges.setdefault(edge, []).extend(found)
    return replace(graph, edges=edges)


def _terms(network: Network, run: int, currency: Currency) -> Terms:
    """Longer runs than `run`, and more scratch, take more RAM but fewer instructions."""
    lean = any(k.leans for s in network.steps for k in (s.kernels.inner, s.kernels.first))
    ways = [(run, True)] if lean else []
    if not lean or currency is Currency.INSTRUCTIONS:
        ways.append((run, False))
    if currency is Currency.INSTRUCTIONS:
        ways += [(r, False) for r in LONGER_RUNS if r > run]
    runs, leans = zip(*ways, strict=True)
    floors = least_prices(network, run, currency)
    return Terms(
        currency=currency,
        price=network.price(currency),
        floors=floors,
        run=runs,
        tight=(True,) * len(runs),
        lean=leans,
    )


def _with_plain(tight: Terms) -> Terms:
    """Plain windows likewise."""
    if tight.currency is Currency.MACS:
        return tight
    plain = tuple(run for run, lean in zip(tight.run, tight.lean, strict=True) if not lean)
    return replace(
        tight,
        run=tight.run + plain,
        tight=tight.tight + (False,) * len(plain),
        lean=tight.lean + (False,) * len(plain),
    )


def least_macs(network: Network) -> int:
    """MACs that no plan goes below."""
    return sum(least_prices(network))


def least_prices(
    network: Network, run: int = DEFAULT_RUN, currency: Currency = Currency.MACS
) -> tuple[int, ...]:
    """What no plan pays less for, step by step: its necessary pixels at their lowest price."""
    if (run, currency) not in network.least:
        network.least[run, currency] = _least_prices(network, run, currency)
    return network.least[run, currency]


def _least_prices(network: Network, run: int, currency: Currency) -> tuple[int, ...]:
    sizes = _necessary_pixels(network)
    if currency is Currency.MACS:
        return tuple(n * s.macs_per_pixel for n, s in zip(sizes, network.steps, strict=True))
    rates: dict[Hashable, float] = {}
    for step in network.steps:
        if _kind(step) not in rates:
            rates[_kind(step)] = _lowest_rate(network, step, run)
    return tuple(int(n * rates[_kind(s)]) for n, s in zip(sizes, network.steps, strict=True))


def _kind(step: Step) -> Hashable:
    """Steps of a kind have one price: those of repeated blocks."""
    return replace(step.call, inputs=()), step.kernels, step.clamps, step.y is None


def _necessary_pixels(network: Network) -> list[int]:
    """Pixels of every step's output; fused steps leave out those that no reader ever reads.

    Columns behind the last one that is read, and with bands also rows between those that are.
    """
    read: dict[int, tuple[NDArray[np.bool_], int]] = {}
    for i in range(len(network.steps) - 1, -1, -1):
        read[i] = _necessary(network, i, read)
    return [int(rows.sum()) * columns for _, (rows, columns) in sorted(read.items())]


def _necessary(
    network: Network, i: int, read: dict[int, tuple[NDArray[np.bool_], int]]
) -> tuple[NDArray[np.bool_], int]:
    """Rows and columns of what step i writes; `read` has those of its readers."""
    step = network.steps[i]
    height, width, _ = step.target
    readers = [network.steps[k] for k in network.readers[step.z]]
    fused = all(r.reads is not Reads.GLOBAL and follows(r, step) for r in readers)
    if not readers or step.z in network.outputs or not fused:
        return np.ones(height, dtype=bool), width
    parts = [read[k] for k in network.readers[step.z]]
    rows = [_read(r.rows, part[0], height) for r, part in zip(readers, parts, strict=True)]
    columns = [min(width, r.columns.end(p[1])) for r, p in zip(readers, parts, strict=True)]
    return np.logical_or.reduce(rows), max(columns)


def _read(axis: Axis, outputs: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """Which of `size` inputs some of the outputs read."""
    read = np.zeros(size, dtype=bool)
    for output in np.flatnonzero(outputs):
        first = axis.first(int(output))
        read[max(0, first) : max(0, first + axis.extent)] = True
    return read


def _lowest_rate(network: Network, step: Step, run: int) -> float:
    """Least price of a pixel of its output, wherever it stands and however it is cut.

    Saving what is overwritten and computing by groups of channels only cost more.
    """
    price = network.price(Currency.INSTRUCTIONS)
    flags = (False, True)
    rates = []
    for inner, planar, columns in product(flags, flags, flags):
        place = Place(inner=inner, planar=planar, columns=columns)
        for r in (run, *LONGER_RUNS):
            line = price.line(step, place, r)[1:]
            rates.append(float((line / np.arange(1, len(line) + 1)).min()))
    return min(rates)
