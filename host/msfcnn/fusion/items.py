"""Partial stages that the search for edges grows, as columns of numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.int64]
Columns = dict[int, Array]
"""A column for each step with an input that is still open."""


@dataclass
class Items:
    """Partial stages, column by column.

    state:   index of what the steps so far ask of the open tensors.
    variant: index of what holds for the whole stage: its runs and the kind of its windows.
    bytes:   windows, halos and rings so far.
    runs:    most bytes of runs that are there together.
    price:   so far, without that of steps whose main input is open.
    keep:    bit (end - 1 - i) is set if the halo of what step i writes is kept.
    run:     bytes of the shared run that an open step writes.
    blocked: whether a halo has been kept since a sum was met: its second input cannot have a
             ring for its own pixels only.
    """

    state: Array
    variant: Array
    bytes: Array
    runs: Array
    price: Array
    keep: NDArray[np.uint64]
    run: Columns
    blocked: Columns

    @property
    def at(self) -> tuple[Array, Array]:
        """Where each stands in figures that are [states, variants]."""
        return self.state, self.variant

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> Items:
        """Some of them."""
        return self._each(lambda column: column[index])

    def _each(self, change: Callable[[Array], Array]) -> Items:
        """Every array changed in the same way: picked, repeated or joined."""
        return Items(
            state=change(self.state),
            variant=change(self.variant),
            bytes=change(self.bytes),
            runs=change(self.runs),
            price=change(self.price),
            keep=change(self.keep),  # type: ignore[arg-type]
            run={k: change(v) for k, v in self.run.items()},
            blocked={k: change(v) for k, v in self.blocked.items()},
        )


def one_each(variants: int) -> Items:
    """An empty stage of each variant, all in state 0."""
    none = np.zeros(variants, np.int64)
    return Items(
        state=none,
        variant=np.arange(variants),
        bytes=none,
        runs=none,
        price=none,
        keep=none.astype(np.uint64),
        run={},
        blocked={},
    )


def renumbered(items: Items, states: Array) -> tuple[Items, NDArray[np.intp]]:
    """With the states that occur, each once, and which they are; `states` is [states, ...]."""
    numbers: dict[bytes, int] = {}
    number = np.zeros(len(states), dtype=np.int64)
    firsts: list[int] = []
    for state in np.unique(items.state).tolist():
        number[state] = numbers.setdefault(states[state].tobytes(), len(numbers))
        if number[state] == len(firsts):
            firsts.append(state)
    return replace(items, state=number[items.state]), np.array(firsts, dtype=np.intp)


def joined(a: Items, b: Items) -> Items:
    """All of both."""
    return Items(
        state=np.concatenate([a.state, b.state]),
        variant=np.concatenate([a.variant, b.variant]),
        bytes=np.concatenate([a.bytes, b.bytes]),
        runs=np.concatenate([a.runs, b.runs]),
        price=np.concatenate([a.price, b.price]),
        keep=np.concatenate([a.keep, b.keep]),
        run={k: np.concatenate([v, b.run[k]]) for k, v in a.run.items()},
        blocked={k: np.concatenate([v, b.blocked[k]]) for k, v in a.blocked.items()},
    )


def undominated(items: Items) -> NDArray[np.intp]:
    """Items that no other one of equal state, variant and runs beats in bytes and price.

    Equal in all columns that later steps look at: then whatever is put in front adds the same to
    both, and the dominated one can never win (docs/plan.md, "Why the result is optimal").
    """
    place = items.state * (int(items.variant.max(initial=0)) + 1) + items.variant
    keys = [
        items.price,
        items.bytes,
        items.runs,
        *items.run.values(),
        *items.blocked.values(),
        place,
    ]
    # the last key goes first: all that must be equal, then bytes, then price
    order = np.lexsort(keys)
    group = np.zeros(len(order), dtype=bool)
    for key in (k for k in keys[2:] if k.any()):
        sorted_key = key[order]
        group[1:] |= sorted_key[1:] != sorted_key[:-1]
    number = np.cumsum(group)
    # within a group bytes ascend: an item is worth something if its price is the least so far
    # each group is shifted below all before it, so that one running minimum serves all groups;
    # 2**44 is more than any price of a partial stage
    price = items.price[order] - number * (1 << 44)
    least = np.minimum.accumulate(price)
    better = np.ones(len(order), dtype=bool)
    better[1:] = price[1:] < least[:-1]
    return order[better]
