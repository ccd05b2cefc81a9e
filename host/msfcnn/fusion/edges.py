"""The edges of the fusion graph by scheme: single steps, row sweeps, column sweeps in bands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from msfcnn.fusion.chains import Chain, Chains, chain
from msfcnn.fusion.cost import cost, without_io
from msfcnn.fusion.options import Option, Scheme
from msfcnn.fusion.search import Found, Limits, Sweep, Terms, alone
from msfcnn.fusion.steps import Network

Edges = dict[tuple[int, int], list[Found]]

SPLITS = (16, 32, 48, 64)
RUNS_OF_A_BAND = 2  # runs longer than a band are of little use


def band_heights(height: int) -> tuple[int, ...]:
    """The smallest band height for every number of bands."""
    return tuple(sorted({-(-height // count) for count in range(1, height + 1)}))


def single_stages(network: Network, terms: Terms) -> Edges:
    """Edges of one step."""
    found: Edges = {}
    for index, step in enumerate(network.steps):
        edge = chain(network, index, index + 1)
        assert edge is not None
        options = (Option(Scheme.LAYER, step.target[1], run=run) for run in terms.run)
        found[index, index + 1] = [_priced(edge, option, terms) for option in options]
    return found


def line_stages(network: Network, chains: Chains, limits: Limits, terms: Terms) -> Edges:
    """Edges that run in a row sweep, whole or by groups of channels."""
    found: Edges = {}
    for end in range(2, len(network.steps) + 1):
        width = network.steps[end - 1].target[1]
        Sweep(network, chains, end, False, width, terms, limits, found).grow()
    for edge in (e for e in chains.values() if e.splits):
        for option in _split_options(edge, terms):
            priced = _priced(edge, option, terms)
            found.setdefault((edge.first, edge.last), []).append(priced)
    return found


def _split_options(edge: Chain, terms: Terms) -> Iterator[Option]:
    _, width, channels = edge.shapes[-1]
    for run, tight in zip(terms.run, terms.tight, strict=True):
        for split in (s for s in SPLITS if s < channels):
            yield Option(Scheme.LINE, width, split=split, run=run, tight=tight)


def band_stages(network: Network, chains: Chains, limits: Limits, terms: Terms) -> Edges:
    """Edges that run in column sweeps, band by band."""
    found: Edges = {}
    suiting: dict[int, Terms] = {}
    for end in range(2, len(network.steps) + 1):
        for band in band_heights(network.steps[end - 1].target[0]):
            count = sum(suits(run, terms.run[0], band) for run in terms.run)
            some = suiting.setdefault(count, _first(terms, count))
            Sweep(network, chains, end, True, band, some, limits, found).grow()
    return found


def suits(run: int, shortest: int, band: int) -> bool:
    """Whether runs are worth a look for a band height."""
    return run <= max(shortest, RUNS_OF_A_BAND * band)


def _first(terms: Terms, count: int) -> Terms:
    """The first variants only."""
    return replace(terms, run=terms.run[:count], tight=terms.tight[:count])


def _priced(edge: Chain, option: Option, terms: Terms) -> Found:
    priced = cost(edge, option)
    return alone(option, priced.total, without_io(edge, priced), priced.price(terms.currency))
