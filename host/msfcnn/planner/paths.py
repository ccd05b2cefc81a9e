"""Paths through the fusion graph: the lowest price within a bound, the least RAM for a price.

A plan's peak is that of its largest stage, its price (MACs or estimated instructions) the sum
over its stages. For a bound on the
peak, every edge takes its cheapest option within the bound, and one relaxation of the graph in
order of the cut points gives the lowest price: exact, because the choices do not depend on each
other. That minimum can only fall when the bound rises, so the least bound for a price is found
by bisection over the sizes that occur.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from msfcnn.fusion import Currency, Edge, FusionGraph, Option, cost, option_of
from msfcnn.planner.table import ANY, UNBOUNDED, Bound, EdgeTable


@dataclass(frozen=True)
class Path:
    """Edges with their options; peaks in bytes, price in the currency of the graph."""

    graph: FusionGraph
    edges: tuple[tuple[tuple[int, int], Option], ...]
    ram: int
    without_io: int
    price: int

    @cached_property
    def macs(self) -> int:
        """MACs executed."""
        if self.graph.currency is Currency.MACS:
            return self.price
        return sum(cost(edge, option).macs for edge, option in self.stages())

    def stages(self) -> Iterator[tuple[Edge, Option]]:
        """Edges with their options, in order."""
        for (first, last), option in self.edges:
            yield Edge(self.graph.network, first, last), option


def cheapest(table: EdgeTable, bound: Bound = UNBOUNDED) -> Path | None:
    """The path of lowest price within a bound; None if there is none."""
    # by cut point: the lowest price to get there, and the row and option of the last edge
    best: list[int] = [0] + [ANY] * table.steps
    came: list[tuple[int, int] | None] = [None] * (table.steps + 1)
    for end in range(1, table.steps + 1):
        for number, row in enumerate(table.ending[end]):
            index = row.cheapest(bound) if best[row.edge[0]] < ANY else -1
            if index >= 0 and best[row.edge[0]] + row.price[index] < best[end]:
                best[end], came[end] = best[row.edge[0]] + row.price[index], (number, index)
    return _path(table, came, best[-1]) if best[-1] < ANY else None


def _path(table: EdgeTable, came: list[tuple[int, int] | None], price: int) -> Path:
    """Walks back from the end over the cuts from which each was reached."""
    edges, ram, without_io, at = [], 0, 0, table.steps
    while at > 0:
        step = came[at]
        assert step is not None, "every reached cut point was reached from somewhere"
        row, index = table.ending[at][step[0]], step[1]
        edges.append((row.edge, option_of(table.graph.network, row.edge, *row.origin[index])))
        ram = max(ram, row.ram[index])
        without_io = max(without_io, row.without_io[index])
        at = row.edge[0]
    return Path(
        graph=table.graph, edges=tuple(reversed(edges)), ram=ram, without_io=without_io, price=price
    )


def smallest(table: EdgeTable, price: int, bound: Bound = UNBOUNDED) -> Path | None:
    """The path of least RAM that costs no more; of those the least without_io, then the cheapest.

    None if no path within the bound is that cheap.
    """
    ram = _least(table.sizes(), lambda size: _fits(table, Bound(size, bound.without_io), price))
    if ram is None or ram > bound.ram:
        return None
    if table.alike:
        return cheapest(table, Bound(ram))
    bare = _least(table.sizes_without_io(), lambda size: _fits(table, Bound(ram, size), price))
    assert bare is not None, "a path was found within this bound"
    return cheapest(table, Bound(ram, bare))


def smallest_without_io(table: EdgeTable, price: int, bound: Bound = UNBOUNDED) -> Path | None:
    """The path of least RAM as the paper counts; of those the least RAM, then the cheapest.

    None if no path within the bound is that cheap.
    """
    sizes = table.sizes_without_io()
    bare = _least(sizes, lambda size: _fits(table, Bound(bound.ram, size), price))
    if bare is None or bare > bound.without_io:
        return None
    return smallest(table, price, Bound(bound.ram, bare))


def least_ram(
    table: EdgeTable, price: int, without_io: bool, bound: Bound = UNBOUNDED
) -> Path | None:
    """One of the two: the least RAM, counted with or without the network's output."""
    return (smallest_without_io if without_io else smallest)(table, price, bound)


def _fits(table: EdgeTable, bound: Bound, price: int) -> bool:
    """Whether any path within the bound costs at most so much; true for every larger bound, too."""
    path = cheapest(table, bound)
    return path is not None and path.price <= price


def _least(sizes: list[int], fits: Callable[[int], bool]) -> int | None:
    """The least of ascending sizes that fits, where every larger one fits, too."""
    low, high = 0, len(sizes) - 1
    if not fits(sizes[high]):
        return None
    while low < high:
        middle = (low + high) // 2
        if fits(sizes[middle]):
            high = middle
        else:
            low = middle + 1
    return sizes[low]


def front(table: EdgeTable) -> tuple[Path, ...]:
    """Paths that no other one beats in RAM and price, counted either way; by descending RAM."""
    paths = _front(table, paper=False)
    if not table.alike:
        paths += _front(table, paper=True)
    return unbeaten(paths)


def unbeaten(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Of paths those that no other one beats, by descending RAM."""
    unique = {(p.ram, p.without_io, p.price): p for p in paths}
    return tuple(unique[key] for key in sorted(unique, reverse=True) if not _beaten(key, unique))


def _beaten(key: tuple[int, int, int], others: dict[tuple[int, int, int], Path]) -> bool:
    """Whether another path is no worse in RAM, RAM without output and price, and not the same."""
    return any(
        other != key and all(a <= b for a, b in zip(other, key, strict=True)) for other in others
    )


def _front(table: EdgeTable, paper: bool) -> list[Path]:
    """From the cheapest path down: each next one needs fewer bytes.

    paper: RAM is counted without the network's output. A path is kept when the next smaller one
    costs more; of those that cost the same only the smallest is on the front.
    """
    found: list[Path] = []
    path = cheapest(table)
    while path is not None:
        bound = Bound(without_io=path.without_io - 1) if paper else Bound(path.ram - 1)
        smaller = cheapest(table, bound)
        if smaller is None or smaller.price > path.price:
            found.append(path if table.alike else _tightened(table, path, paper))
        path = smaller
    return found


def _tightened(table: EdgeTable, path: Path, paper: bool) -> Path:
    """The path with as few bytes as possible in the other way of counting."""
    least = (smallest_without_io if paper else smallest)(table, path.price)
    assert least is not None, "the path itself is that cheap"
    return least
