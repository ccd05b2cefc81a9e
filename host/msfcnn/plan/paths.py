"""Paths through the fusion graph: the least MACs within a bound, the least RAM for given MACs.

A plan's peak is that of its largest stage, its MACs the sum over its stages. For a bound on the
peak, every edge takes its cheapest option within the bound, and one relaxation of the graph in
order of the cut points gives the least MACs: exact, because the choices do not depend on each
other. That minimum can only fall when the bound rises, so the least bound for given MACs is found
by bisection over the sizes that occur.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msfcnn.graph.fusion import option_of
from msfcnn.graph.options import Option
from msfcnn.plan.table import ANY, UNBOUNDED, Bound, Table


@dataclass(frozen=True)
class Path:
    """Edges with their options; peaks in bytes."""

    edges: tuple[tuple[tuple[int, int], Option], ...]
    ram: int
    without_io: int
    macs: int


def cheapest(table: Table, bound: Bound = UNBOUNDED) -> Path | None:
    """The path of least MACs within a bound; None if there is none."""
    best: list[int] = [0] + [ANY] * table.steps
    came: list[tuple[int, int] | None] = [None] * (table.steps + 1)
    for end in range(1, table.steps + 1):
        for number, row in enumerate(table.ending[end]):
            index = row.cheapest(bound) if best[row.edge[0]] < ANY else -1
            if index >= 0 and best[row.edge[0]] + row.macs[index] < best[end]:
                best[end], came[end] = best[row.edge[0]] + row.macs[index], (number, index)
    return _path(table, came, best[-1]) if best[-1] < ANY else None


def _path(table: Table, came: list[tuple[int, int] | None], macs: int) -> Path:
    edges, ram, without_io, at = [], 0, 0, table.steps
    while at > 0:
        step = came[at]
        assert step is not None, "every reached cut point was reached from somewhere"
        row, index = table.ending[at][step[0]], step[1]
        edges.append((row.edge, option_of(table.graph, row.edge, *row.origin[index])))
        ram = max(ram, row.ram[index])
        without_io = max(without_io, row.without_io[index])
        at = row.edge[0]
    return Path(tuple(reversed(edges)), ram, without_io, macs)


def smallest(table: Table, macs: int, bound: Bound = UNBOUNDED) -> Path | None:
    """The path of least RAM with at most so many MACs; of those the least without_io, then MACs.

    None if no path within the bound has so few MACs.
    """
    ram = _least(table.sizes(), lambda size: _fits(table, Bound(size, bound.without_io), macs))
    if ram is None or ram > bound.ram:
        return None
    if table.alike:
        return cheapest(table, Bound(ram))
    bare = _least(table.sizes_without_io(), lambda size: _fits(table, Bound(ram, size), macs))
    assert bare is not None, "a path was found within this bound"
    return cheapest(table, Bound(ram, bare))


def smallest_without_io(table: Table, macs: int, bound: Bound = UNBOUNDED) -> Path | None:
    """The path of least RAM as the paper counts; of those the least RAM, then MACs.

    None if no path within the bound has so few MACs.
    """
    sizes = table.sizes_without_io()
    bare = _least(sizes, lambda size: _fits(table, Bound(bound.ram, size), macs))
    if bare is None or bare > bound.without_io:
        return None
    return smallest(table, macs, Bound(bound.ram, bare))


def least_ram(table: Table, macs: int, without_io: bool, bound: Bound = UNBOUNDED) -> Path | None:
    """One of the two: the least RAM, counted with or without the network's output."""
    return (smallest_without_io if without_io else smallest)(table, macs, bound)


def _fits(table: Table, bound: Bound, macs: int) -> bool:
    path = cheapest(table, bound)
    return path is not None and path.macs <= macs


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


def front(table: Table) -> tuple[Path, ...]:
    """Paths that no other one beats in RAM and MACs, counted either way; by descending RAM."""
    paths = _front(table, paper=False)
    if not table.alike:
        paths += _front(table, paper=True)
    unique = {(p.ram, p.without_io, p.macs): p for p in paths}
    return tuple(unique[key] for key in sorted(unique, reverse=True) if not _beaten(key, unique))


def _beaten(key: tuple[int, int, int], others: dict[tuple[int, int, int], Path]) -> bool:
    return any(
        other != key and all(a <= b for a, b in zip(other, key, strict=True)) for other in others
    )


def _front(table: Table, paper: bool) -> list[Path]:
    """From the path of least MACs down: each next one needs fewer bytes."""
    found: list[Path] = []
    path = cheapest(table)
    while path is not None:
        bound = Bound(without_io=path.without_io - 1) if paper else Bound(path.ram - 1)
        smaller = cheapest(table, bound)
        if smaller is None or smaller.macs > path.macs:
            found.append(path if table.alike else _tightened(table, path, paper))
        path = smaller
    return found


def _tightened(table: Table, path: Path, paper: bool) -> Path:
    """The path with as few bytes as possible in the other way of counting."""
    least = (smallest_without_io if paper else smallest)(table, path.macs)
    assert least is not None, "the path itself has so few MACs"
    return least
