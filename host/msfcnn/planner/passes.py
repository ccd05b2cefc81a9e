"""Plans in which gates go in two passes, where one pass takes too much RAM.

Gates differ in how much RAM a network needs at least while their maps are whole. They are taken in
that order: those that set the peak first, then more and more. Each network that this gives is
planned exactly; of the sets of gates only these are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby

from msfcnn.fusion import Gate, in_two_passes, least_macs
from msfcnn.planner.goal import Goal
from msfcnn.planner.paths import Path
from msfcnn.planner.space import Space, in_best_order
from msfcnn.planner.table import ANY, UNBOUNDED, Bound, EdgeTable
from msfcnn.planner.timed import most_instructions, timed_path


def variants(space: Space, macs: int | None = None) -> Iterator[Space]:
    """The space itself, then those of the network with more and more gates in two passes.

    macs: those that cannot do with so many MACs are left out.
    """
    yield space
    network = space.network
    for number, group in enumerate(_groups(space)):
        for gate in group:
            network = in_two_passes(network, gate)
        if macs is not None and least_macs(network) > macs:
            return
        if number == len(space.passes):
            space.passes.append(in_best_order(network, space.schemes, space.run))
        yield space.passes[number]


def _groups(space: Space) -> list[list[Gate]]:
    """Gates by the RAM that the network needs at least because of them, the most first."""
    if not space.gates:
        return []
    needs = {gate: _needs(space.lines, *_span(space, gate)) for gate in space.gates}
    ranked = sorted(needs, key=lambda gate: -needs[gate])
    return [list(group) for _, group in groupby(ranked, key=needs.__getitem__)]


def _span(space: Space, gate: Gate) -> tuple[int, int]:
    """Steps from the one that makes a map to the gate."""
    writers = space.network.writers
    return min(writers[gate.map]), max(writers[gate.output])


def _needs(table: EdgeTable, first: int, last: int) -> int:
    """Bytes of the largest stage on the way over some steps that takes the least."""
    least = [0 if cut <= first else ANY for cut in range(table.steps + 1)]
    for end in range(first + 1, table.steps + 1):
        for row in table.ending[end]:
            least[end] = min(least[end], max(least[row.edge[0]], row.ram[0]))
    return min(least[last + 1 :])


def least_in_passes(
    space: Space, macs: int | None, without_io: bool, enough: int = ANY
) -> Path | None:
    """The path of least RAM of at most so many MACs.

    enough: bytes within which there is a path, if that is known.
    """
    if macs is None:
        return min((v.smallest(without_io) for v in variants(space)), key=_order(without_io))
    best: Path | None = None
    for variant in variants(space, macs):
        found = variant.least(macs, without_io, enough)
        if found is not None and _counted(found, without_io) <= enough:
            best, enough = found, _counted(found, without_io) - 1
    return best


def fewest_in_passes(space: Space, bound: Bound, macs: int | None = None) -> Path | None:
    """The path of fewest MACs within a bound."""
    best: Path | None = None
    for variant in variants(space, macs):
        if best is not None and least_macs(variant.network) >= best.price:
            break
        if not space.gates or fits(variant, bound):
            found = variant.fewest(bound, macs if best is None else best.price - 1)
            best = found or best
    return best


def timed_in_passes(space: Space, goal: Goal) -> Path | None:
    """The best path for a goal in instructions, those of the fastest plan in one pass being 1.

    It ends with the first gates that do not help: estimates have no floor that would say so before.
    """
    most = most_instructions(space, goal)
    bound = UNBOUNDED if goal.max_ram is None else goal.within(goal.max_ram)
    best: Path | None = None
    for variant in variants(space):
        if space.gates and not fits(variant, bound):
            continue
        found = timed_path(variant, goal, most)
        if best is not None and (found is None or not _better(found, best, goal)):
            break
        best = found
        if best is not None and goal.max_ram is not None and nothing_twice(space, best):
            break
    return best


def fits(space: Space, bound: Bound) -> bool:
    """Whether any path does: the smallest is found faster than the fastest one."""
    ram, bare = space.least_bytes()
    if ram <= bound.ram and bare <= bound.without_io:
        return True
    if bound.without_io < ANY:
        return space.smallest(without_io=True).without_io <= bound.without_io
    return space.smallest(without_io=False).ram <= bound.ram


def nothing_twice(space: Space, path: Path) -> bool:
    """Whether a path computes nothing twice; then gates in two passes would only cost time."""
    return path.macs == least_macs(space.network)


def _better(found: Path, best: Path, goal: Goal) -> bool:
    """Whether a path is better: faster if the RAM is given, else of less RAM."""
    if goal.max_ram is not None:
        return found.price < best.price
    return _counted(found, goal.bare) < _counted(best, goal.bare)


def _order(without_io: bool) -> Callable[[Path], tuple[int, ...]]:
    """By RAM in the way of counting that matters, then in the other one, then by MACs."""
    if without_io:
        return lambda path: (path.without_io, path.ram, path.price)
    return lambda path: (path.ram, path.without_io, path.price)


def _counted(path: Path, without_io: bool) -> int:
    return path.without_io if without_io else path.ram
