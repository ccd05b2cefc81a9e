"""Partial stages that the search for edges grows, as columns of numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.int64]


@dataclass
class Items:
    """Partial stages, column by column.

    state:  index of the fresh pixels that the next step must deliver.
    variant: index of what holds for the whole stage: its runs and the kind of its windows.
    bytes:  windows, halos and rings so far.
    runs:   most bytes of neighbouring runs; run: bytes of the last run.
    late:   [items, skips] bytes of rings that are due when their source becomes an inner tensor.
    price:  so far, without that of the step met last.
    keep:   bit (end - i) is set if the halo of tensor i is kept.
    """

    state: Array
    variant: Array
    bytes: Array
    runs: Array
    run: Array
    price: Array
    late: Array
    keep: NDArray[np.uint64]

    @property
    def at(self) -> tuple[Array, Array]:
        """Where each stands in figures that are [states, variants]."""
        return self.state, self.variant

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> Items:
        """Some of them."""
        return Items(
            self.state[index],
            self.variant[index],
            self.bytes[index],
            self.runs[index],
            self.run[index],
            self.price[index],
            self.late[index],
            self.keep[index],
        )


def one_each(variants: int) -> Items:
    """An empty stage of each variant, all in state 0."""
    none = np.zeros(variants, np.int64)
    late = np.zeros((variants, 0), np.int64)
    return Items(none, np.arange(variants), none, none, none, none, late, none.astype(np.uint64))


def renumbered(items: Items, states: Array) -> tuple[Items, Array]:
    """With the states that occur, each once; `states` is [states, bands]."""
    numbers: dict[bytes, int] = {}
    number = np.zeros(len(states), dtype=np.int64)
    firsts: list[int] = []
    for state in np.unique(items.state).tolist():
        number[state] = numbers.setdefault(states[state].tobytes(), len(numbers))
        if number[state] == len(firsts):
            firsts.append(state)
    return replace(items, state=number[items.state]), states[firsts]


def joined(a: Items, b: Items) -> Items:
    """All of both."""
    return Items(
        np.concatenate([a.state, b.state]),
        np.concatenate([a.variant, b.variant]),
        np.concatenate([a.bytes, b.bytes]),
        np.concatenate([a.runs, b.runs]),
        np.concatenate([a.run, b.run]),
        np.concatenate([a.price, b.price]),
        np.concatenate([a.late, b.late]),
        np.concatenate([a.keep, b.keep]),
    )


def undominated(items: Items) -> NDArray[np.intp]:
    """Items that no other one of equal state, variant, runs and rings beats in bytes and price."""
    place = items.state * (int(items.variant.max(initial=0)) + 1) + items.variant
    keys = [items.price, items.bytes, items.runs, items.run, *items.late.T, place]
    order = np.lexsort(keys)
    group = np.zeros(len(order), dtype=bool)
    for key in keys[2:]:
        sorted_key = key[order]
        group[1:] |= sorted_key[1:] != sorted_key[:-1]
    number = np.cumsum(group)
    # within a group bytes ascend: an item is worth something if its price is the least so far
    price = items.price[order] - number * (1 << 44)
    least = np.minimum.accumulate(price)
    better = np.ones(len(order), dtype=bool)
    better[1:] = price[1:] < least[:-1]
    return order[better]
