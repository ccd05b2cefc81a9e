"""The fusion graph as numbers that a path search needs: bytes and MACs of every option."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msfcnn.fusion import Found, FusionGraph

Array = NDArray[np.int64]
ANY = 1 << 60


@dataclass(frozen=True)
class Bound:
    """A plan obeys it if no stage has more bytes, as the arena counts and as the paper does."""

    ram: int = ANY
    without_io: int = ANY


UNBOUNDED = Bound()


@dataclass(frozen=True)
class Row:
    """The options of an edge that are worth something, by ascending bytes.

    alike: bytes are the same however they are counted; then prices descend.
    """

    edge: tuple[int, int]
    ram: list[int]
    without_io: list[int]
    price: list[int]
    origin: list[tuple[Found, int]]
    alike: bool

    def cheapest(self, bound: Bound) -> int:
        """Index of the option with the lowest price within a bound; -1 if there is none."""
        if self.alike:
            return bisect_right(self.ram, min(bound.ram, bound.without_io)) - 1
        best = -1
        for i, (ram, bare) in enumerate(zip(self.ram, self.without_io, strict=True)):
            fits = ram <= bound.ram and bare <= bound.without_io
            if fits and (best < 0 or self.price[i] < self.price[best]):
                best = i
        return best


@dataclass(frozen=True)
class EdgeTable:
    """Rows by the cut point at which their edges end."""

    graph: FusionGraph
    steps: int
    ending: tuple[tuple[Row, ...], ...]

    @property
    def alike(self) -> bool:
        """Whether both ways to count bytes agree for every option."""
        return all(row.alike for rows in self.ending for row in rows)

    def sizes(self) -> list[int]:
        """Every number of bytes that a stage can have, ascending."""
        return sorted({size for rows in self.ending for row in rows for size in row.ram})

    def sizes_without_io(self) -> list[int]:
        """Likewise, as the paper counts."""
        return sorted({size for rows in self.ending for row in rows for size in row.without_io})


def table(graph: FusionGraph) -> EdgeTable:
    """The table of a graph; options that others dominate are dropped."""
    steps = len(graph.network.steps)
    ending: list[list[Row]] = [[] for _ in range(steps + 1)]
    for edge in sorted(graph.edges):
        ending[edge[1]].append(_row(graph, edge))
    return EdgeTable(graph, steps, tuple(tuple(rows) for rows in ending))


def _row(graph: FusionGraph, edge: tuple[int, int]) -> Row:
    """The options of an edge by growing RAM, each cheaper than all before: others are dropped."""
    found = graph.edges[edge]
    ram = np.concatenate([f.total for f in found])
    bare = np.concatenate([f.without_io for f in found])
    price = np.concatenate([f.price for f in found])
    origin = [(f, i) for f in found for i in range(len(f.total))]
    order = np.lexsort([bare, price, ram])
    alike = bool((bare == ram).all())
    kept = _descending(order, price) if alike else _undominated(order, bare, price)
    return Row(
        edge=edge,
        ram=ram[kept].tolist(),
        without_io=bare[kept].tolist(),
        price=price[kept].tolist(),
        origin=[origin[i] for i in kept],
        alike=alike,
    )


def _descending(order: NDArray[np.intp], price: Array) -> NDArray[np.intp]:
    """Of options sorted by bytes those with less MACs than all before."""
    least = np.minimum.accumulate(price[order])
    worth = np.ones(len(order), dtype=bool)
    worth[1:] = price[order][1:] < least[:-1]
    return order[worth]


def _undominated(order: NDArray[np.intp], bare: Array, price: Array) -> NDArray[np.intp]:
    """Of options sorted by bytes those that no other one beats in all three figures."""
    kept: list[int] = []
    for i in order:
        if not any(bare[k] <= bare[i] and price[k] <= price[i] for k in kept):
            kept.append(int(i))
    return np.array(kept, dtype=np.intp)
