"""The plan for a goal: least RAM for a bound on MACs or time (P1), the fastest in RAM (P2)."""

from __future__ import annotations

from collections.abc import Iterable

from msfcnn.fusion import Network, Schemes, least_macs
from msfcnn.planner.faster import faster
from msfcnn.planner.goal import Goal
from msfcnn.planner.infeasible import no_plan
from msfcnn.planner.passes import (
    fewest_in_passes,
    least_in_passes,
    timed_in_passes,
    variants,
)
from msfcnn.planner.paths import Path, front, least_ram, unbeaten
from msfcnn.planner.space import Space, space_of
from msfcnn.planner.types import Plan, PlannedStage


def plan(network: Network, goal: Goal, space: Space | None = None) -> Plan:
    """The best plan for a goal, exact in the plan space; `space` saves pricing it again.

    Raises NoPlanError, with the least RAM that is possible and what needs it.
    """
    space = space or space_of(network, goal)
    path = _search(space, goal)
    if path is None:
        raise no_plan(space, goal)
    if not goal.timed and space.schemes is Schemes.ALL:
        path = faster(path, goal.run)
    return _plan(path)


def pareto(network: Network, goal: Goal, space: Space | None = None) -> tuple[Path, ...]:
    """Every trade-off of RAM and MACs that is worth something, by descending RAM.

    The goal's bounds do not count; its schemes, run and way of counting do.
    """
    first, *more = variants(space or space_of(network, goal))
    found = front(first.everything)
    for variant in more:
        smaller = variant.within(_of_use(found, least_macs(variant.network)), variant.run)
        found = unbeaten((*found, *front(smaller)))
    return found


def _of_use(found: Iterable[Path], macs: int) -> int:
    """Bytes that plans of `macs` MACs or more must fit in, to beat one of these or be smaller."""
    beaten = [max(path.ram, path.without_io) for path in found if path.price > macs]
    return max(beaten, default=min(path.ram for path in found) - 1)


def _search(space: Space, goal: Goal) -> Path | None:
    """The best path for a goal: the least RAM, or the least cost within a bound of RAM."""
    if goal.timed:
        return timed_in_passes(space, goal)
    macs = goal.most_macs(space.network)
    if goal.max_ram is None:
        return least_in_passes(space, macs, goal.bare)
    bound = goal.within(goal.max_ram)
    if space.schemes is Schemes.ALL:
        plain = least_ram(space.lines, least_macs(space.network), goal.bare, bound)
        if plain is not None:
            return plain  # nothing that is computed twice can be cheaper
    # the price first, then the least RAM at that price: P2 asks for the fastest within the bound,
    # and of equally fast plans the smaller one is better
    path = fewest_in_passes(space, bound, macs)
    return None if path is None else least_in_passes(space, path.macs, goal.bare, goal.max_ram)


def _plan(path: Path) -> Plan:
    return Plan(
        path.graph.network, tuple(PlannedStage(edge, option) for edge, option in path.stages())
    )
