"""Which chains are searched for which options: single steps, row sweeps, and bands."""

from __future__ import annotations

import numpy as np

from msfcnn.graph.chains import Chain, all_chains, chain
from msfcnn.graph.cost import cost, without_io
from msfcnn.graph.options import DEFAULT_RUN, Option, Scheme
from msfcnn.graph.search import Found, Limits, Sweep
from msfcnn.graph.steps import Network

SPLITS = (16, 32, 48, 64)


def band_heights(height: int) -> tuple[int, ...]:
    """The smallest band height for every number of bands."""
    return tuple(sorted({-(-height // count) for count in range(1, height + 1)}))


def single_stages(network: Network, run: int = DEFAULT_RUN) -> dict[tuple[int, int], list[Found]]:
    """Edges of one step."""
    found = {}
    for index, step in enumerate(network.steps):
        edge = chain(network, index, index + 1)
        assert edge is not None
        found[index, index + 1] = [_priced(edge, Option(Scheme.LAYER, step.target[1], run=run))]
    return found


def line_stages(
    network: Network, limits: Limits, run: int = DEFAULT_RUN
) -> dict[tuple[int, int], list[Found]]:
    """Edges that run in a row sweep, whole or by groups of channels."""
    found: dict[tuple[int, int], list[Found]] = {}
    chains = all_chains(network)
    for end in range(2, len(network.steps) + 1):
        width = network.steps[end - 1].target[1]
        Sweep(network, chains, end, False, width, run, limits, found).grow()
    for edge in (e for e in chains.values() if e.splits):
        width, channels = edge.shapes[-1][1], edge.shapes[-1][2]
        for split in SPLITS:
            if split < channels:
                option = Option(Scheme.LINE, width, split=split, run=run)
                found.setdefault((edge.first, edge.last), []).append(_priced(edge, option))
    return found


def band_stages(
    network: Network, limits: Limits, run: int = DEFAULT_RUN
) -> dict[tuple[int, int], list[Found]]:
    """Edges that run in column sweeps, band by band."""
    found: dict[tuple[int, int], list[Found]] = {}
    chains = all_chains(network)
    for end in range(2, len(network.steps) + 1):
        for band in band_heights(network.steps[end - 1].target[0]):
            Sweep(network, chains, end, True, band, run, limits, found).grow()
    return found


def _priced(edge: Chain, option: Option) -> Found:
    priced = cost(edge, option)
    one = np.ones(1, dtype=np.int64)
    return Found(
        option.scheme,
        option.band,
        option.split,
        one * priced.total,
        one * without_io(edge, priced),
        one * priced.macs,
        np.zeros(1, dtype=np.uint64),
    )
