"""The fusion graph: cut points are the places between two steps, edges the chains between them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from msfcnn.graph.chains import fuses
from msfcnn.graph.edges import band_stages, line_stages, single_stages
from msfcnn.graph.options import DEFAULT_RUN, Option
from msfcnn.graph.search import Found, Limits
from msfcnn.graph.steps import Axis, Network, Reads

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
    """MACs that no plan goes below."""
    sizes = _necessary_pixels(network)
    return sum(n * s.macs_per_pixel for n, s in zip(sizes, network.steps, strict=True))


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
