"""The plan space of the msf-CNN paper, for comparison: arXiv 2505.11483, its H-cache scheme.

Layer by layer, or fused with one output row a band: every layer of a fused block keeps as many
columns of its input as its kernel is wide and as many rows as the band needs; input and output do
not overlap, nothing is kept from band to band.
"""

from __future__ import annotations

import numpy as np

from msfcnn.graph.bands import bands
from msfcnn.graph.chains import Chain
from msfcnn.graph.cost import cost, without_io
from msfcnn.graph.fusion import FusionGraph
from msfcnn.graph.options import Option, Scheme, track
from msfcnn.graph.search import Found, all_chains
from msfcnn.graph.steps import Network


def paper_graph(network: Network) -> FusionGraph:
    """Edges of the paper's plan space, with its bytes."""
    edges = {}
    for ends, edge in all_chains(network).items():
        single = len(edge.steps) == 1
        option = (
            Option(Scheme.LAYER, edge.shapes[-1][1], run=1)
            if single
            else Option(Scheme.H_CACHE, 1, run=1, tight=False)
        )
        edges[ends] = [_priced(edge, option)]
    return FusionGraph(network, 1, edges)


def _priced(edge: Chain, option: Option) -> Found:
    caches = _cache_bytes(edge, option) if option.columns else 0
    ours = cost(edge, option)
    final = ours.total - without_io(edge, ours) > 0
    bare = caches + edge.input_bytes + (0 if final else edge.output_bytes) + edge.other_bytes
    one = np.ones(1, dtype=np.int64)
    return Found(
        option.scheme,
        option.band,
        0,
        one * (caches + edge.input_bytes + edge.output_bytes + edge.other_bytes),
        one * bare,
        one * ours.macs,
        np.zeros(1, dtype=np.uint64),
    )


def _cache_bytes(edge: Chain, option: Option) -> int:
    """Kernel columns x rows of the band x channels, for every inner tensor."""
    seen = track(edge, option.columns)
    rows = bands(seen, option)
    return sum(
        min(seen.across[i].extent, seen.lines[i])
        * max(band[i].high - band[i].low for band in rows)
        * seen.channels[i]
        for i in range(1, len(edge.steps))
    )
