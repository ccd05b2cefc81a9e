"""The fusion graph: cut points are the places between two steps, edges the chains between them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from msfcnn.graph.chains import fuses
from msfcnn.graph.edges import band_stages, line_stages, single_stages
from msfcnn.graph.options import DEFAULT_RUN, Option
from msfcnn.graph.search import Found, Limits
from msfcnn.graph.steps import Network, Reads

Edges = dict[tuple[int, int], list[Found]]


class Schemes(Enum):
    """Which plan space is searched: ours, or the one of the msf-CNN paper."""

    ALL = "all"
    PAPER = "paper"


@dataclass(frozen=True)
class FusionGraph:
    """For every chain, by its ends, the options that can matter."""

    network: Network
    run: int
    edges: Edges


def option_of(graph: FusionGraph, edge: tuple[int, int], found: Found, index: int) -> Option:
    """One of the options that were priced together."""
    first, last = edge
    mask = int(found.keep[index])
    keep = frozenset(i for i in range(1, last - first) if mask >> (last - first - i) & 1)
    return Option(found.scheme, found.band, keep, found.split, graph.run)


def unfused_graph(network: Network, run: int = DEFAULT_RUN) -> FusionGraph:
    """Edges that compute nothing twice: single steps and row sweeps."""
    edges = single_stages(network, run)
    _add(edges, line_stages(network, Limits(), run))
    return FusionGraph(network, run, edges)


def with_bands(graph: FusionGraph, limits: Limits) -> FusionGraph:
    """And those that run in bands, as far as the limits let them matter."""
    edges = {ends: list(found) for ends, found in graph.edges.items()}
    _add(edges, band_stages(graph.network, limits, graph.run))
    return FusionGraph(graph.network, graph.run, edges)


def _add(edges: Edges, more: Edges) -> None:
    for ends, found in more.items():
        edges.setdefault(ends, []).extend(found)


def least_macs(network: Network) -> int:
    """MACs that no plan goes below: fused steps leave out pixels that their reader never reads."""
    total = 0
    lines = pixels = 0
    for i in range(len(network.steps) - 1, -1, -1):
        step = network.steps[i]
        after = network.steps[i + 1] if i + 1 < len(network.steps) else None
        height, width, _ = step.target
        if after is None or after.reads is Reads.GLOBAL or not fuses(step, after):
            lines, pixels = height, width
        else:
            lines = min(height, after.rows.end(lines))
            pixels = min(width, after.columns.end(pixels))
        total += lines * pixels * step.macs_per_pixel
    return total
