"""Orders in which the steps of a network can run.

A stage is a contiguous run of steps, so the order decides what can be one. The order of the nodes
in the file says nothing: steps are arranged by what the graph is alone. Of a few arrangements that
differ where branches part the planner takes the best.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from heapq import heappop, heappush

from msfcnn.fusion.early import with_shortcuts
from msfcnn.fusion.step import Step
from msfcnn.fusion.steps import Network, arranged

Key = Callable[[int], tuple[int, ...]]


def orders(network: Network) -> tuple[Network, ...]:
    """The network in every arrangement that is worth a look; several only where branches part."""
    # writing right into a concatenation saves a step and its buffers, but not always RAM: both
    # forms are tried
    joined = joined_in_place(network)
    variants = [network] if joined is None else [joined, network]
    return tuple(order for variant in variants for order in _orders(variant))


def _orders(network: Network) -> Iterator[Network]:
    graph = _Graph(network)
    for order in dict.fromkeys(tuple(graph.arrange(key)) for key in graph.choices()):
        found = arranged(network, [network.steps[i] for i in order])
        yield found
        early = with_shortcuts(found)
        if early is not None:
            yield early


def joined_in_place(network: Network) -> Network | None:
    """With steps that write right into a concatenation of their scale; None if there are none."""
    steps: dict[int, Step] = dict(enumerate(network.steps))
    for i, part in enumerate(network.steps):
        k = _only_writer(network, i)
        if part.copies and part.partial and k is not None:
            call = replace(steps[k].call, channel=part.channel)
            steps[k] = replace(steps[k], call=call, z=part.z, z_channels=part.z_channels)
            del steps[i]
    return None if len(steps) == len(network.steps) else arranged(network, list(steps.values()))


def _only_writer(network: Network, i: int) -> int | None:
    """The step whose output nobody but step i reads, in the same shape."""
    tensor = network.steps[i].x
    writers, readers = network.writers[tensor], network.readers[tensor]
    if len(writers) != 1 or readers != (i,) or tensor in network.outputs:
        return None
    writer = network.steps[writers[0]]
    fits = writer.result == network.steps[i].source and not writer.loads and not writer.partial
    return writers[0] if fits else None


class _Graph:
    """What each step stands before and after."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.steps = network.steps
        count = len(self.steps)
        self.before: list[tuple[int, ...]] = [self._before(i) for i in range(count)]
        self.after: list[tuple[int, ...]] = [()] * count
        for i in range(count):
            for k in self.before[i]:
                self.after[k] = (*self.after[k], i)
        self.looks = [self._look(step) for step in self.steps]
        self.path = [0] * count  # bytes to the furthest output
        for i in range(count - 1, -1, -1):
            self.path[i] = self._size(i) + max((self.path[k] for k in self.after[i]), default=0)
        self.rank = self._ranks()

    def _before(self, i: int) -> tuple[int, ...]:
        """Steps that must run before step i."""
        writers = self.network.writers
        return tuple(k for t in self.steps[i].inputs() for k in writers.get(t, ()) if k < i)

    def _size(self, i: int) -> int:
        height, width, channels = self.steps[i].target
        return height * width * channels

    def _look(self, step: Step) -> str:
        """What a step is by itself, whatever its place in the file."""
        facts = (step.family, step.source, step.target, step.rows, step.columns, step.channel)
        return f"{facts} {step.z in self.network.outputs}"

    def _ranks(self) -> list[int]:
        """Places in an order that depends on the graph alone: by what is around each step."""
        # colour refinement (Weisfeiler and Leman): steps get the looks of their neighbours into
        # their own until no two more can be told apart
        looks = self.looks
        for _ in range(len(self.steps)):
            more = [
                _digest(
                    looks[i],
                    *(looks[k] for k in self.before[i]),
                    "|",
                    *sorted(looks[k] for k in self.after[i]),
                )
                for i in range(len(self.steps))
            ]
            if len(set(more)) == len(set(looks)):
                break
            looks = more
        places = {look: place for place, look in enumerate(sorted(set(looks)))}
        return [places[look] for look in looks]

    def choices(self) -> tuple[Key, ...]:
        """How to choose among steps that could run next: the least goes first."""

        @cache
        def growth(i: int) -> int:
            read = sum(self.network.sizes[t] for t in set(self.steps[i].inputs()))
            return self._size(i) - read

        return (
            lambda i: (-self.path[i], self.rank[i]),
            lambda i: (self.path[i], self.rank[i]),
            lambda i: (growth(i), -self.path[i], self.rank[i]),
            lambda i: (self._lines(i), -self.path[i], self.rank[i]),
            lambda i: (-self._lines(i), -self.path[i], self.rank[i]),
        )

    def _lines(self, i: int) -> int:
        """How far the kernel of a step and those behind it look, until paths meet."""
        step = self.steps[i]
        total = step.rows.extent
        readers = self.after[i]
        while len(readers) == 1 and len(self.before[readers[0]]) == 1:
            total += self.steps[readers[0]].rows.extent - 1
            readers = self.after[readers[0]]
        return total

    def arrange(self, key: Key) -> list[int]:
        """Depth first: of the steps that can run, one that reads what was written last."""
        done: dict[int, int] = {}
        left = {i: len(set(before)) for i, before in enumerate(self.before)}
        ready: list[tuple[int, ...]] = []

        def open_up(i: int) -> None:
            """All that step i reads is there."""
            newest = max((done[k] for k in self.before[i]), default=-1)
            heappush(ready, (-newest, *key(i), i))

        for i in (i for i, count in left.items() if count == 0):
            open_up(i)
        while ready:
            chosen = heappop(ready)[-1]
            done[chosen] = len(done)
            for i in dict.fromkeys(self.after[chosen]):
                left[i] -= 1
                if left[i] == 0:
                    open_up(i)
        return list(done)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
