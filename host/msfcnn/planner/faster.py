"""A faster plan of the same bytes and MACs.

A plan for MACs says nothing of copies and kernel calls. Where its bytes allow it, stages
are replaced by row sweeps and single steps of fewer estimated instructions, which compute nothing
twice.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from msfcnn.fusion import Currency, Edge, Found, FusionGraph, Limits, Option, cost, unfused_graph
from msfcnn.planner.paths import Path, cheapest
from msfcnn.planner.table import Bound, table


def faster(path: Path, run: int) -> Path:
    """The path itself, or one with fewer instructions and no more bytes and MACs."""
    limit = max(path.ram, path.without_io)
    graph = unfused_graph(path.graph.network, run, Currency.INSTRUCTIONS, Limits(limit))
    found = cheapest(table(_with(graph, path)), Bound(path.ram, path.without_io))
    assert found is not None, "the path itself is within these bytes"
    return found if found.macs <= path.macs else path


def _with(graph: FusionGraph, path: Path) -> FusionGraph:
    """And the edges of a path as they are."""
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
