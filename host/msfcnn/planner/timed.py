"""Plans for estimated instructions: the fewest within RAM, or the least RAM within a time.

Options that recompute are many, and each is slow for most of the network: they are searched only up
to what the best plan of row sweeps leaves them to improve on.
"""

from __future__ import annotations

from msfcnn.fusion import LONGEST, Limits, with_bands
from msfcnn.planner.goal import Goal
from msfcnn.planner.paths import Path, cheapest, least_ram
from msfcnn.planner.space import SHORT, Space, narrowed
from msfcnn.planner.table import ANY, EdgeTable, table

NEARLY_PERCENT = 1
"""As fast as the fastest: estimates are no better, and RAM is worth more."""


def nearly(price: int) -> int:
    """Instructions that count as no more than so many."""
    return price if price >= ANY else price * (100 + NEARLY_PERCENT) // 100


def timed_path(space: Space, goal: Goal, most: int) -> Path | None:
    """The best path for a goal of at most so many instructions; None if there is none.

    Within RAM that is the one of least RAM among those nearly as fast as the fastest.
    """
    if goal.max_ram is None:
        return _least(space, most, goal.bare)
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
    ceiling = most
    for steps in (SHORT, LONGEST):
        lines = space.timed_lines(space.timed_limits(high, ceiling, steps))
        plain = cheapest(lines, goal.within(low))
        ceiling = _lowered(ceiling, plain)
    if plain is None:
        few = with_bands(lines.graph, space.timed_limits(high, ceiling, SHORT))
        ceiling = _lowered(ceiling, cheapest(table(few), goal.within(low)))
    found = table(with_bands(lines.graph, space.timed_limits(high, ceiling)))
    space.timed[low, high, most, goal.bare] = found
    return found


def _lowered(ceiling: int, path: Path | None) -> int:
    """What no plan needs to take more than, once a path is known."""
    return ceiling if path is None else min(ceiling, nearly(path.price))


def most_instructions(space: Space, goal: Goal) -> int:
    """What the goal's bound on time allows."""
    factor = goal.max_time
    return ANY if factor in (None, float("inf")) else int(factor * space.fastest.price + 1e-6)


def _least(space: Space, most: int, without_io: bool) -> Path | None:
    """The path of least RAM of so many instructions at most."""
    ram = Limits().ram
    for steps in (SHORT, LONGEST):
        lines = space.timed_lines(space.timed_limits(ram, most, steps))
        best = least_ram(lines, most, without_io)
        if best is not None:
            ram = max(best.ram, best.without_io)
    return narrowed(lines.graph, space.timed_limits(ram, most), most, without_io)
