"""The fusion graph: cut points are the places between two steps, edges the chains between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from itertools import product

import numpy as np
from numpy.typing import NDArray

from msfcnn.fusion.chains import Chains, all_chains, fuses
from msfcnn.fusion.edges import Edges, band_stages, line_stages, single_stages
from msfcnn.fusion.options import DEFAULT_RUN, Option
from msfcnn.fusion.price import Currency, Place
from msfcnn.fusion.search import Found, Limits, Terms
from msfcnn.fusion.step import Step
from msfcnn.fusion.steps import Network
from msfcnn.ir import Axis, Reads

LONGER_RUNS = (4, 8, 16)  # pixels of a kernel call that plans for few instructions can choose
NO_LIMITS = Limits()


class Schemes(Enum):
    """Which plan space is searched: ours, or the one of the msf-CNN paper."""

    ALL = "all"
    PAPER = "paper"


@dataclass(frozen=True)
class FusionGraph:
    """For every chain, by its ends, the options that can matter."""

    network: Network
    chains: Chains
    run: int
    edges: Edges
    currency: Currency = Currency.MACS


def option_of(edge: tuple[int, int], found: Found, index: int) -> Option:
    """One of the options that were priced together."""
    first, last = edge
    mask = int(found.keep[index])
    keep = frozenset(i for i in range(1, last - first) if mask >> (last - first - i) & 1)
    run, tight = int(found.run[index]), bool(found.tight[index])
    return Option(found.scheme, found.band, keep, found.split, run, tight)


def unfused_graph(
    network: Network,
    run: int = DEFAULT_RUN,
    currency: Currency = Currency.MACS,
    limits: Limits = NO_LIMITS,
) -> FusionGraph:
    """Edges that compute nothing twice: single steps and row sweeps within the limits."""
    chains = all_chains(network)
    tight = _terms(network, run, currency)
    edges: Edges = {}
    _add(edges, single_stages(network, tight))
    _add(edges, line_stages(network, chains, limits, _with_plain(tight)))
    return FusionGraph(network, chains, run, edges, currency)


def with_bands(graph: FusionGraph, limits: Limits) -> FusionGraph:
    """And those that run in bands, as far as the limits let them matter."""
    edges = {ends: list(found) for ends, found in graph.edges.items()}
    terms = _terms(graph.network, graph.run, graph.currency)
    _add(edges, band_stages(graph.network, graph.chains, limits, terms))
    return replace(graph, edges=edges)


def _add(edges: Edges, more: Edges) -> None:
    for ends, found in more.items():
        edges.setdefault(ends, []).extend(found)


def _terms(network: Network, run: int, currency: Currency) -> Terms:
    """Longer runs than `run` take more RAM but fewer instructions."""
    runs = (run, *(r for r in LONGER_RUNS if r > run and currency is Currency.INSTRUCTIONS))
    floors = least_prices(network, run, currency)
    return Terms(currency, network.price(currency), floors, runs, (True,) * len(runs))


def _with_plain(tight: Terms) -> Terms:
    """Plain windows likewise."""
    if tight.currency is Currency.MACS:
        return tight
    count = len(tight.run)
    return replace(tight, run=tight.run * 2, tight=(*tight.tight, *[False] * count))


def least_macs(network: Network) -> int:
    """MACs that no plan goes below."""
    return sum(least_prices(network))


def least_prices(
    network: Network, run: int = DEFAULT_RUN, currency: Currency = Currency.MACS
) -> tuple[int, ...]:
    """What no plan pays less for, step by step: its necessary pixels at their lowest price."""
    sizes = _necessary_pixels(network)
    if currency is Currency.MACS:
        return tuple(n * s.macs_per_pixel for n, s in zip(sizes, network.steps, strict=True))
    rates = (_lowest_rate(network, step, run) for step in network.steps)
    return tuple(int(n * rate) for n, rate in zip(sizes, rates, strict=True))


def _necessary_pixels(network: Network) -> list[int]:
    """Pixels of every step's output; fused steps leave out those that their reader never reads.

    Columns behind the last one that is read, and with bands also rows between those that are.
    """
    found = []
    rows, columns = np.zeros(0, dtype=bool), 0
    for i in range(len(network.steps) - 1, -1, -1):
        step = network.steps[i]
        after = network.steps[i + 1] if i + 1 < len(network.steps) else None
        height, width, _ = step.target
        if after is None or after.reads is Reads.GLOBAL or not fuses(step, after):
            rows, columns = np.ones(height, dtype=bool), width
        else:
            rows = _read(after.rows, rows, height)
            columns = min(width, after.columns.end(columns))
        found.append(int(rows.sum()) * columns)
    return found[::-1]


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
        place = Place(inner, planar, False, columns)
        for r in (run, *LONGER_RUNS):
            line = price.line(step, place, r)[1:]
            rates.append(float((line / np.arange(1, len(line) + 1)).min()))
    return min(rates)
