"""The edges of the fusion graph by scheme: single steps, row sweeps, column sweeps in bands."""

from __future__ import annotations

import numpy as np

from msfcnn.graph.chains import Chain, all_chains, chain
from msfcnn.graph.cost import cost, without_io
from msfcnn.graph.options import Option, Scheme
from msfcnn.graph.search import Found, Limits, Sweep, Terms
from msfcnn.graph.steps import Network

SPLITS = (16, 32, 48, 64)
RUNS_OF_A_BAND = 2  # runs longer than a band are of little use


def suits(run: int, shortest: int, band: int) -> bool:
    """Whether runs are worth a look for a band height."""
    return run <= max(shortest, RUNS_OF_A_BAND * band)


def band_heights(height: int) -> tuple[int, ...]:
    """The smallest band height for every number of bands."""
    return tuple(sorted({-(-height // count) for count in range(1, height + 1)}))


def single_stages(network: Network, terms: Terms) -> dict[tuple[int, int], list[Found]]:
    """Edges of one step."""
    found = {}
    for index, step in enumerate(network.steps):
        edge = chain(network, index, index + 1)
        assert edge is not None
        option = Option(Scheme.LAYER, step.target[1], run=terms.run)
        found[index, index + 1] = [_priced(edge, option, terms)]
    return found


def line_stages(
    network: Network, limits: Limits, terms: Terms
) -> dict[tuple[int, int], list[Found]]:
    """Edges that run in a row sweep, whole or by groups of channels."""
    found: dict[tuple[int, int], list[Found]] = {}
    chains = all_chains(network)
    for end in range(2, len(network.steps) + 1):
        width = network.steps[end - 1].target[1]
        Sweep(network, chains, end, False, width, terms, limits, found).grow()
    for edge in (e for e in chains.values() if e.splits):
        width, channels = edge.shapes[-1][1], edge.shapes[-1][2]
        for split in SPLITS:
            if split < channels:
                option = Option(Scheme.LINE, width, split=split, run=terms.run, tight=terms.tight)
                found.setdefault((edge.first, edge.last), []).append(_priced(edge, option, terms))
    return found


def band_stages(
    network: Network, limits: Limits, terms: Terms, shortest: int
) -> dict[tuple[int, int], list[Found]]:
    """Edges that run in column sweeps, band by band; runs above the shortest where they suit."""
    found: dict[tuple[int, int], list[Found]] = {}
    chains = all_chains(network)
    for end in range(2, len(network.steps) + 1):
        heights = band_heights(network.steps[end - 1].target[0])
        for band in (h for h in heights if suits(terms.run, shortest, h)):
            Sweep(network, chains, end, True, band, terms, limits, found).grow()
    return found


def _priced(edge: Chain, option: Option, terms: Terms) -> Found:
    priced = cost(edge, option)
    one = np.ones(1, dtype=np.int64)
    return Found(
        option.scheme,
        option.band,
        option.split,
        option.run,
        one * priced.total,
        one * without_io(edge, priced),
        one * priced.price(terms.currency),
        np.zeros(1, dtype=np.uint64),
        option.tight,
    )
