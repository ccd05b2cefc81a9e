"""Repeated blocks: a search that ends where all is as it was elsewhere finds the same again.

What a stage that grows backwards needs and costs depends on the steps that it takes in: what each
one does, who reads and writes its tensors, counted from the step, and what else is alive in front
of it. Ends of stages with the same steps in front, as far as one of them has looked, share what
was found. That holds in every order of a network's steps, and for limits that are no wider.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

from msfcnn.fusion.step import Step
from msfcnn.fusion.steps import Network, SearchMemory

T = TypeVar("T")
_START = -1  # of all chains of steps


class Within(Protocol):
    """Limits of a search."""

    def cover(self, other: Any) -> bool:
        """Whether a search within these finds all that one within the others needs."""


@dataclass
class Repeats(Generic[T]):
    """What searches found in a network, in any order of its steps.

    floors: for every step what no plan pays less for.
    """

    network: Network
    floors: tuple[int, ...]
    _facts: dict[int, int] = field(default_factory=dict)
    _borders: dict[int, list[int]] = field(default_factory=dict)
    _known_around: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def _memory(self) -> SearchMemory:
        return self.network.memory

    @cached_property
    def _chains(self) -> dict[int, list[int]]:
        """By end: numbers of the runs of 0, 1, 2... steps in front of it, as far as asked for."""
        return self.network.chains.setdefault(self.floors, {})

    def recall(self, end: int, kind: Hashable, limits: Within) -> T | None:
        """What a search of the same kind found that ended like this one; None if there was none."""
        for depth in sorted(self._memory.depths.get(kind, ())):
            chain = self._chain(end, depth)
            if chain is None:
                return None
            for within, found in self._memory.found.get((kind, chain), ()):
                if within.cover(limits):
                    return found  # type: ignore[no-any-return]
        return None

    def note(self, end: int, kind: Hashable, limits: Within, depth: int, found: T) -> None:
        """Keeps what a search found that looked at so many steps in front of its end."""
        chain = self._chain(end, depth)
        assert chain is not None, "it has looked at these steps"
        self._memory.found.setdefault((kind, chain), []).append((limits, found))
        self._memory.depths.setdefault(kind, set()).add(depth)

    def _chain(self, end: int, depth: int) -> int | None:
        """Number of the `depth` steps in front of an end: equal if all is the same there."""
        if depth > end:
            return None
        known = self._chains.setdefault(end, [self._number(_START, end == len(self.network.steps))])
        while len(known) <= depth:
            i = end - len(known)
            known.append(self._number(known[-1], self._around(i, end)))
        return known[depth]

    def _number(self, *what: Hashable) -> int:
        return self._memory.numbers.setdefault(what, len(self._memory.numbers))

    def _around(self, i: int, end: int) -> int:
        """Number of step i and how it hangs together with others, in stages before step `end`.

        It changes only where `end` passes a step that reads something near it for the last time.
        """
        if i not in self._borders:
            self._facts[i] = self._number(*self._step(i))
            self._borders[i] = self._ends_around(i)
        place = i, bisect_left(self._borders[i], end)
        if place not in self._known_around:
            self._known_around[place] = self._number(self._facts[i], *self._inside(i, end))
        return self._known_around[place]

    def _step(self, i: int) -> Iterator[Hashable]:
        """What holds for every end."""
        network = self.network
        step = network.steps[i]
        yield from _what(step)
        yield self.floors[i]
        yield tuple(self._tensor(t, i) for t in (*step.inputs(), step.z))
        yield network.sizes[step.z]
        yield step.z in network.outputs
        yield _from(i, [network.early[i]] if i in network.early else [])
        yield tuple((self._tensor(t, i), network.sizes[t]) for t in network.live(i))

    def _inside(self, i: int, end: int) -> Iterator[Hashable]:
        """What depends on which steps are before the end."""
        network = self.network
        z = network.steps[i].z
        yield network.dies[z] >= end
        yield _from(i, (k for k in network.readers[z] if k < end))
        yield tuple(network.dies[t] >= end for t in network.live(i))

    def _ends_around(self, i: int) -> list[int]:
        """The steps that are before some ends and not before others, as far as that matters."""
        network = self.network
        z = network.steps[i].z
        dying = (network.dies[t] for t in (z, *network.live(i)))
        return sorted({*network.readers[z], *dying})

    def _tensor(self, tensor: int, i: int) -> Hashable:
        """Which one it is, seen from step i: by who writes it; itself, if nobody does."""
        writers = self.network.writers[tensor]
        return _from(i, writers) if writers else ("given", tensor)


def _what(step: Step) -> Iterator[Hashable]:
    """What a step does, wherever it stands."""
    yield replace(step.call, inputs=())
    yield step.z_channels
    yield step.kernels
    yield step.clamps
    yield step.copies
    yield step.y is not None


def _from(i: int, steps: Iterable[int]) -> tuple[int, ...]:
    return tuple(k - i for k in steps)
