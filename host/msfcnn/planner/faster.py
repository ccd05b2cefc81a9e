"""A faster plan of the same bytes and MACs.

A plan for MACs says nothing of copies and kernel calls. Where its bytes allow it, stages
are replaced by others of fewer estimated instructions: row sweeps and single steps, and sweeps in
bands, too, where the plan has some. If these compute more twice than the plan does, only those are
looked at that keep every halo and compute nothing twice.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from msfcnn.fusion import (
    Currency,
    Edge,
    Found,
    FusionGraph,
    Limits,
    Option,
    cost,
    least_prices,
    unfused_graph,
    with_bands,
)
from msfcnn.planner.paths import Path, cheapest
from msfcnn.planner.table import Bound, table


def faster(path: Path, run: int) -> Path:
    """The path itself, or one with fewer instructions and no more bytes and MACs."""
    network, limit = path.graph.network, max(path.ram, path.without_io)
    bound = Bound(path.ram, path.without_io)
    lines = unfused_graph(network, run, Currency.INSTRUCTIONS, Limits(ram=limit))
    graph = _with(lines, path)
    found = _cheapest(graph, bound)
    best = found if found.macs <= path.macs else path
    ends = _ends_in_bands(path)
    if not ends:
        return best
    # what a stage in bands may cost beyond the lowest price of its steps and still be of use
    spare = found.price - sum(least_prices(network, run, Currency.INSTRUCTIONS))
    for keep in (None, True):
        limits = Limits(ram=limit, extra=spare, keep=keep)
        found = _cheapest(with_bands(graph, limits, ends), bound)
        if found.macs <= path.macs:
            return found
    return best


def _cheapest(graph: FusionGraph, bound: Bound) -> Path:
    """The path of fewest instructions within the bytes that the given plan has, or fewer."""
    found = cheapest(table(graph), bound)
    assert found is not None, "the path itself is within these bytes"
    return found


def _ends_in_bands(path: Path) -> set[int]:
    """Cut points that its sweeps in bands jump over or end at."""
    stages = ((edge, option) for edge, option in path.stages() if option.columns)
    return {end for edge, _ in stages for end in range(edge.first + 2, edge.last + 1)}


def _with(graph: FusionGraph, path: Path) -> FusionGraph:
    """And the edges of a path as they are, so that the search cannot find anything worse."""
    edges = {ends: list(found) for ends, found in graph.edges.items()}
    for edge, option in path.stages():
        edges.setdefault((edge.first, edge.last), []).append(_found(edge, option))
    return replace(graph, edges=edges)


def _found(edge: Edge, option: Option) -> Found:
    """An option as the search would have found it, so that both are compared alike."""
    its = cost(edge, option)
    kept = (i for i, step in enumerate(edge.steps) if step.z in option.keep)
    mask = sum(1 << (len(edge.steps) - 1 - i) for i in kept)
    return Found(
        scheme=option.scheme,
        band=option.band,
        split=option.split,
        run=np.array([option.run], np.int64),
        tight=np.array([option.tight]),
        lean=np.array([option.lean]),
        total=np.array([its.total], np.int64),
        without_io=np.array([its.without_io], np.int64),
        price=np.array([its.instructions], np.int64),
        keep=np.array([mask], np.uint64),
    )
