"""The plan space by brute force: every edge, every option of it, priced one by one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from msfcnn.fusion import Cost, Edge, Network, Option, Scheme, cost, edges_from
from msfcnn.fusion.edges import band_heights
from msfcnn.ir import InputMode

Figures = tuple[int, int, int]
"""Bytes as the arena counts, bytes as the paper does, MACs."""


def figures(found: Cost) -> Figures:
    return found.total, found.without_io, found.macs


def all_options(edge: Edge, splits: Iterable[int]) -> Iterator[Option]:
    """Every way to run an edge, tight and plain."""
    height, width, channels = edge.shape
    for tight in (True, False):
        if len(edge.steps) == 1:
            yield Option(Scheme.LAYER, width, tight=tight, lean=True)
            continue
        yield Option(Scheme.LINE, width, tight=tight, lean=True)
        for split in splits:
            if edge.splits and split < channels:
                yield Option(Scheme.LINE, width, split=split, tight=tight, lean=True)
        if not has_bands(edge):
            continue
        for band, keep in itertools.product(band_heights(height), _masks(edge.inner)):
            option = Option(Scheme.H_CACHE, band, keep, tight=tight, lean=True)
            if may_keep(edge, option):
                yield option


def has_bands(edge: Edge) -> bool:
    """Whether it can run in bands: they read rows again, and have one output."""
    pushed = edge.loads and edge.network.mode is InputMode.PUSH
    writers = [step for step in edge.steps if step.z in edge.ends]
    return not pushed and len(writers) == 1


def _masks(inner: tuple[int, ...]) -> list[frozenset[int]]:
    """Every set of inner tensors."""
    sizes = range(len(inner) + 1)
    return [frozenset(c) for n in sizes for c in itertools.combinations(inner, n)]


def may_keep(edge: Edge, option: Option) -> bool:
    """Whether every kept tensor has a halo."""
    return not option.keep or set(cost(edge, option).halos) == option.keep


def pareto(points: Iterable[Figures]) -> list[Figures]:
    """Those that no other one beats in all three."""
    kept: list[Figures] = []
    for point in sorted(set(points)):
        if not any(all(a <= b for a, b in zip(k, point, strict=True)) for k in kept):
            kept.append(point)
    return kept


def all_plans(network: Network, splits: Iterable[int]) -> NDArray[np.int64]:
    """[plans, 3] the figures of every path with every choice that is not beaten on its edge."""
    steps = len(network.steps)
    splits = tuple(splits)
    edges = {
        (e.first, e.last): np.array(pareto(figures(cost(e, o)) for o in all_options(e, splits)))
        for first in range(steps)
        for e in edges_from(network, first)
    }
    return np.concatenate([_along(edges, path) for path in _paths(edges, 0, steps)])


def _paths(
    edges: dict[tuple[int, int], NDArray[np.int64]], at: int, end: int
) -> Iterator[list[tuple[int, int]]]:
    if at == end:
        yield []
    for edge in (e for e in edges if e[0] == at):
        for rest in _paths(edges, edge[1], end):
            yield [edge, *rest]


def _along(
    edges: dict[tuple[int, int], NDArray[np.int64]], path: list[tuple[int, int]]
) -> NDArray[np.int64]:
    """Every combination of the options along a path: the largest bytes, the sum of MACs."""
    plans = edges[path[0]]
    for edge in path[1:]:
        a, b = plans[:, None, :], edges[edge][None, :, :]
        ram = np.maximum(a[..., :2], b[..., :2])
        plans = np.unique(
            np.concatenate([ram, a[..., 2:] + b[..., 2:]], axis=2).reshape(-1, 3), axis=0
        )
    return plans
