"""Which runs of steps can be one stage, and what surrounds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from msfcnn.fusion.step import Step
from msfcnn.fusion.steps import Network
from msfcnn.ir import Axis, Reads, Shape

Chains = dict[tuple[int, int], "Chain"]
LONGEST = 60  # steps of a stage; a mask of its kept tensors fits in 64 bits


@dataclass(frozen=True)
class Skip:
    """A sum within a chain: step `add` reads `source` beside its main input.

    Both count from the chain's first step. `source` is the step whose input the second operand
    is: 0 for the tensor that the stage reads, -1 for another one that is whole in the arena.
    """

    source: int
    add: int


@dataclass(frozen=True)
class Chain:
    """Steps first .. last - 1, each reading what the one before it writes.

    Tensor i of a chain is the input of its step i; the last tensor is its output.
    """

    network: Network
    first: int
    last: int
    steps: tuple[Step, ...]
    skips: tuple[Skip, ...]

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """(height, width, channels) of each tensor of the chain."""
        return (self.steps[0].source, *(step.target for step in self.steps))

    @property
    def loads(self) -> bool:
        """Whether it begins by loading the image."""
        return self.steps[0].loads

    @cached_property
    def others(self) -> tuple[int, ...]:
        """Whole tensors that must outlive the stage or are read beside its input, by birth."""
        return tuple(t for t in self.network.live(self.first) if t != self.input)

    @property
    def input(self) -> int | None:
        """The whole tensor that the first step reads; None for a load."""
        return None if self.loads else self.steps[0].x

    @property
    def output(self) -> int:
        """The tensor that the last step writes."""
        return self.steps[-1].z

    @property
    def input_bytes(self) -> int:
        """Bytes of its input in the arena."""
        tensor = self.input
        if tensor is None or self.network.born[tensor] < 0:
            return 0
        return self.network.sizes[tensor]

    @property
    def output_bytes(self) -> int:
        """Bytes that its output adds to the arena: none if it completes a concatenation."""
        born = self.network.born[self.output]
        return self.network.sizes[self.output] if self.first <= born else 0

    @property
    def other_bytes(self) -> int:
        """Bytes of the live skips."""
        return sum(self.network.sizes[t] for t in self.others)

    @property
    def may_overlap(self) -> bool:
        """Whether the output may run into the dead lines of the input.

        The input must be in the arena, die here and lie lowest; the output must be whole.
        """
        tensor = self.input
        if tensor is None or self.input_bytes == 0 or self.steps[-1].partial:
            return False
        born = self.network.born
        return self.network.dies[tensor] < self.last and all(
            born[t] < born[tensor] for t in self.others
        )

    @property
    def splits(self) -> bool:
        """Whether it can run once per group of output channels."""
        head, *tail = self.steps
        return (
            head.macs_per_pixel > 0
            and head.call.depth == head.source[2]
            and len(tail) > 0
            and all(_channelwise(step) for step in tail)
            and not self.steps[-1].partial
        )


def _channelwise(step: Step) -> bool:
    return step.channelwise and step.multiplier == 1


def chain(network: Network, first: int, last: int) -> Chain | None:
    """The chain of steps first .. last - 1; None if they cannot be one stage."""
    found = _grow(network, first, last)
    return found[-1] if found and found[-1].last == last else None


def chains_from(network: Network, first: int) -> tuple[Chain, ...]:
    """Every chain that begins with step `first`."""
    return tuple(_grow(network, first, len(network.steps)))


def all_chains(network: Network) -> Chains:
    """Every run of steps that can be one stage, by its ends."""
    firsts = range(len(network.steps))
    return {(c.first, c.last): c for first in firsts for c in chains_from(network, first)}


def _grow(network: Network, first: int, end: int) -> list[Chain]:
    found: list[Chain] = []
    steps: list[Step] = []
    skips: list[Skip] = []
    for index in range(first, min(end, first + LONGEST)):
        step = network.steps[index]
        if steps and not fuses(steps[-1], step):
            break
        if step.y is not None:
            skips.append(Skip(_source(steps, step.y), len(steps)))
        steps.append(step)
        if _closed(network, steps, skips, index + 1):
            found.append(Chain(network, first, index + 1, tuple(steps), tuple(skips)))
    return found


def fuses(before: Step, step: Step) -> bool:
    """Whether a step can read what the one before it writes while it is written."""
    return (
        step.x == before.z
        and not before.partial
        and before.target == step.source
        and _touches(step.rows, step.source[0], step.target[0])
        and _touches(step.columns, step.source[1], step.target[1])
    )


def _touches(axis: Axis, size: int, outputs: int) -> bool:
    """Whether every output reads at least one input that is not padding."""
    return axis.pad < axis.extent and axis.first(outputs - 1) < size


def _source(steps: list[Step], tensor: int) -> int:
    if steps and tensor == steps[0].x and not steps[0].loads:
        return 0
    for index, step in enumerate(steps):
        if step.z == tensor:
            return index + 1
    return -1


def _closed(network: Network, steps: list[Step], skips: list[Skip], last: int) -> bool:
    """Whether nobody outside reads an inner tensor, and every skip can be delayed."""
    if any(network.dies[step.z] >= last for step in steps[:-1]):
        return False
    inner = [skip.source for skip in skips if skip.source > 0]
    if len(set(inner)) < len(inner):
        return False
    return all(delayed(steps[skip.source : skip.add]) for skip in skips if skip.source > 0)


def delayed(between: Sequence[Step]) -> bool:
    """Whether the steps between a skip's source and its sum keep lines and pixels in place."""
    return all(
        step.reads in (Reads.RUN, Reads.WINDOW)
        and step.rows.stride == step.columns.stride == 1
        and step.source[:2] == step.target[:2]
        for step in between
    )
