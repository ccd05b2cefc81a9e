"""What a little more RAM would buy, and what a little less would cost."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.plan.goal import Goal
from msfcnn.plan.paths import cheapest
from msfcnn.plan.space import Space

NEXT_BYTES = 2048


@dataclass(frozen=True)
class Neighbour:
    """The least MACs within `ram` bytes, `more` bytes from the plan; None if no plan fits."""

    more: int
    ram: int
    macs: int | None


def neighbours(space: Space, goal: Goal, ram: int) -> tuple[Neighbour, Neighbour]:
    """With NEXT_BYTES more than `ram` bytes, and with as many less."""
    up, down = (_at(space, goal, ram, more) for more in (NEXT_BYTES, -NEXT_BYTES))
    return up, down


def _at(space: Space, goal: Goal, ram: int, more: int) -> Neighbour:
    path = cheapest(space.everything, goal.within(ram + more))
    return Neighbour(more, ram + more, None if path is None else path.macs)
