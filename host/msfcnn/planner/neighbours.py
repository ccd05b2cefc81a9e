"""What a little more RAM would buy, and what a little less would cost."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.planner.goal import Goal
from msfcnn.planner.paths import cheapest
from msfcnn.planner.space import Space
from msfcnn.planner.table import ANY, EdgeTable
from msfcnn.planner.timed import timed_table

NEXT_BYTES = 2048  # a step that people can give away or find elsewhere in a program


@dataclass(frozen=True)
class Neighbour:
    """The best within `ram` bytes, `more` bytes from the plan; None where no plan fits.

    macs:         of the plan with the least of what the goal minimizes.
    instructions: of the same plan, estimated, if that is what the goal minimizes.
    change:       those instructions / the fewest within the plan's own bytes - 1.
    """

    more: int
    ram: int
    macs: int | None = None
    instructions: int | None = None
    change: float | None = None


def neighbours(space: Space, goal: Goal, ram: int) -> tuple[Neighbour, Neighbour]:
    """With NEXT_BYTES more than `ram` bytes, and with as many less.

    ram: the plan's, in the way of counting of the goal.
    """
    most = ram + NEXT_BYTES
    found = timed_around(space, goal, ram) if goal.timed else space.within(most, space.run)
    up, down = (_at(found, goal, ram, more) for more in (NEXT_BYTES, -NEXT_BYTES))
    return up, down


def timed_around(space: Space, goal: Goal, ram: int) -> EdgeTable:
    """What the fastest plans of about so many bytes are made of; asked for first, it is all."""
    return timed_table(space, goal, (ram - NEXT_BYTES, ram + NEXT_BYTES), ANY)


def _at(found: EdgeTable, goal: Goal, ram: int, more: int) -> Neighbour:
    """The plan within some bytes more or less, compared with the one chosen."""
    path = cheapest(found, goal.within(ram + more))
    if path is None:
        return Neighbour(more=more, ram=ram + more)
    if not goal.timed:
        return Neighbour(more=more, ram=ram + more, macs=path.macs)
    own = cheapest(found, goal.within(ram))
    change = None if own is None else path.price / own.price - 1
    return Neighbour(
        more=more, ram=ram + more, macs=path.macs, instructions=path.price, change=change
    )
