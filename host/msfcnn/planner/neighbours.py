"""What a little more RAM would buy, and what a little less would cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

from msfcnn.planner.goal import Goal
from msfcnn.planner.passes import fewest_in_passes, fits, variants
from msfcnn.planner.paths import Path, cheapest
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
    more, less = ram + NEXT_BYTES, ram - NEXT_BYTES
    if goal.timed:
        up, own, down = (_fastest(space, goal, ram, size) for size in (more, ram, less))
    else:
        own = None
        # the plan itself fits in more bytes: what takes more MACs than it may is of no use there
        up = fewest_in_passes(space, goal.within(more), goal.most_macs(space.network))
        down = fewest_in_passes(space, goal.within(less))
    return _neighbour(ram, more, up, own), _neighbour(ram, less, down, own)


def _fastest(space: Space, goal: Goal, ram: int, size: int) -> Path | None:
    """The path of fewest instructions within `size` bytes, which are about `ram`."""
    for variant in variants(space):
        if space.gates and not fits(variant, goal.within(size)):
            continue
        found = cheapest(timed_around(variant, goal, ram), goal.within(size))
        if found is not None:
            return found
    return None


def timed_around(space: Space, goal: Goal, ram: int) -> EdgeTable:
    """What the fastest plans of about so many bytes are made of; asked for first, it is all."""
    return timed_table(space, goal, (ram - NEXT_BYTES, ram + NEXT_BYTES), ANY)


def _neighbour(ram: int, size: int, path: Path | None, own: Path | None) -> Neighbour:
    """The path within `size` bytes, compared with that of the fewest instructions within `ram`."""
    found = Neighbour(more=size - ram, ram=size)
    if path is None:
        return found
    found = replace(found, macs=path.macs)
    if own is None:
        return found
    return replace(found, instructions=path.price, change=path.price / own.price - 1)
