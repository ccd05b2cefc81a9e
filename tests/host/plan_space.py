"""The plan space by brute force: every chain, every option of it, priced one by one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from msfcnn.fusion import Chain, Cost, Network, Option, Scheme, chains_from, cost, track, without_io
from msfcnn.fusion.bands import bands
from msfcnn.fusion.cost import halo_pixels
from msfcnn.fusion.edges import band_heights
from msfcnn.ir import InputMode

Figures = tuple[int, int, int]
"""Bytes as the arena counts, bytes as the paper does, MACs."""


def figures(edge: Chain, found: Cost) -> Figures:
    return found.total, without_io(edge, found), found.macs


def all_options(edge: Chain, splits: Iterable[int]) -> Iterator[Option]:
    """Every way to run a chain, tight and plain."""
    height, width, channels = edge.shapes[-1]
    for tight in (True, False):
        if len(edge.steps) == 1:
            yield Option(Scheme.LAYER, width, tight=tight)
            continue
        yield Option(Scheme.LINE, width, tight=tight)
        for split in splits:
            if edge.splits and split < channels:
                yield Option(Scheme.LINE, width, split=split, tight=tight)
        if edge.loads and edge.network.mode is InputMode.PUSH:
            continue  # bands would read rows again
        for band, keep in itertools.product(band_heights(height), _masks(len(edge.steps))):
            option = Option(Scheme.H_CACHE, band, keep, tight=tight)
            if may_keep(edge, option):
                yield option


def _masks(steps: int) -> list[frozenset[int]]:
    """Every set of inner tensors."""
    inner = range(1, steps)
    return [frozenset(c) for n in range(steps) for c in itertools.combinations(inner, n)]


def may_keep(edge: Chain, option: Option) -> bool:
    """Whether every kept tensor has a halo, and none lies between a skip's source and its sum."""
    if not option.keep:
        return True
    blocked = {i for s in edge.skips if s.source >= 0 for i in range(s.source + 1, s.add + 1)}
    rows = bands(track(edge, True), option)
    return not blocked & option.keep and all(halo_pixels(rows, i) > 0 for i in option.keep)


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
        (e.first, e.last): np.array(pareto(figures(e, cost(e, o)) for o in all_options(e, splits)))
        for first in range(steps)
        for e in chains_from(network, first)
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
