"""Plans for estimated instructions: the fewest within RAM, or the least RAM within a time.

Options that recompute are many, and each is slow for most of the network: they are searched only up
to what the best plan of row sweeps leaves them to improve on.
"""

from __future__ import annotations

from msfcnn.fusion import Currency, FusionGraph, Limits, least_prices, unfused_graph, with_bands
from msfcnn.planner.goal import Goal
from msfcnn.planner.paths import Path, cheapest, least_ram
from msfcnn.planner.space import Space
from msfcnn.planner.table import ANY, UNBOUNDED, EdgeTable, table

NEARLY_PERCENT = 1
"""As fast as the fastest: estimates are no better, and RAM is worth more."""


def nearly(price: int) -> int:
    """Instructions that count as no more than so many."""
    return price if price >= ANY else price * (100 + NEARLY_PERCENT) // 100


def timed_path(space: Space, goal: Goal) -> Path | None:
    """The best path for a goal in instructions; None if there is none.

    Within RAM that is the one of least RAM among those nearly as fast as the fastest.
    """
    most = most_instructions(space, goal)
    if goal.max_ram is None:
        return least_ram(_smaller(space, goal, most), most, goal.bare)
    bound = goal.within(goal.max_ram)
    found = timed_table(space, goal, (goal.max_ram, goal.max_ram), most)
    path = cheapest(found, bound)
    if path is None or path.price > most:
        return None
    enough = min(most, nearly(path.price))
    return least_ram(found, enough, goal.bare, bound)


def timed_table(space: Space, goal: Goal, sizes: tuple[int, int], most: int) -> EdgeTable:
    """What the best plans of at most `most` instructions are made of.

    Their bound on the RAM is anything between two sizes, in bytes: a plan for a bound of `low`
    limits the price for every larger bound, and stages of more than `high` are in no plan. Tables
    are kept in the space; one that was made for wider limits serves, too.
    """
    low, high = sizes
    for (least, largest, price, bare), known in space.timed.items():
        if least <= low and high <= largest and most <= price and bare == goal.bare:
            return known
    lines = unfused_graph(space.network, space.run, Currency.INSTRUCTIONS, Limits(high))
    plain = cheapest(table(lines), goal.within(low))
    ceiling = most if plain is None else min(most, nearly(plain.price))
    found = _with_bands(space, lines, high, ceiling)
    space.timed[low, high, most, goal.bare] = found
    return found


def fastest(space: Space) -> Path:
    """The fewest instructions, whatever RAM they take, where nothing is computed twice."""
    path = cheapest(space.timed_lines, UNBOUNDED)
    assert path is not None, "layer by layer is always possible"
    return path


def most_instructions(space: Space, goal: Goal) -> int:
    """What the goal's bound on time allows."""
    factor = goal.max_time
    return ANY if factor in (None, float("inf")) else int(factor * fastest(space).price + 1e-6)


def _smaller(space: Space, goal: Goal, most: int) -> EdgeTable:
    """What can take less RAM than the best plan that computes nothing twice."""
    best = least_ram(space.timed_lines, most, goal.bare)
    assert best is not None, "the fastest of them is fast enough"
    return _with_bands(space, space.timed_lines.graph, max(best.ram, best.without_io), most)


def _with_bands(space: Space, lines: FusionGraph, ram: int, most: int) -> EdgeTable:
    """Everything that a plan of so many bytes and instructions can be made of."""
    floors = least_prices(space.network, space.run, Currency.INSTRUCTIONS)
    extra = Limits().extra if most >= ANY else max(0, most - sum(floors))
    return table(with_bands(lines, Limits(ram, extra)))
