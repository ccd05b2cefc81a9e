"""Which runs of steps can be one stage, and what is whole in the arena while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from msfcnn.fusion.step import Step
from msfcnn.fusion.steps import Network
from msfcnn.ir import Axis, Reads

LONGEST = 60  # steps of a stage; a mask of its kept tensors fits in 64 bits


@dataclass(frozen=True)
class Edge:
    """Steps first .. last - 1 of a network, executed as one stage.

    What they write is *inner* if nobody reads it after them: only a window of it is resident.
    Else it is an *end* of the stage, whole in the arena. Tensors written before are whole, too.
    """

    network: Network
    first: int
    last: int

    @property
    def steps(self) -> tuple[Step, ...]:
        """In execution order."""
        return self.network.steps[self.first : self.last]

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Tensors it writes that are needed after it, in the order of their last writers."""
        found: dict[int, None] = {}
        for step in self.steps:
            if self.network.dies[step.z] >= self.last:
                found.pop(step.z, None)
                found[step.z] = None
        return tuple(found)

    @cached_property
    def inner(self) -> tuple[int, ...]:
        """Tensors of which only windows are resident, by their first writers."""
        written = dict.fromkeys(step.z for step in self.steps)
        return tuple(t for t in written if self.network.dies[t] < self.last)

    @property
    def output(self) -> int:
        """The tensor that its last step writes."""
        return self.steps[-1].z

    @property
    def completes(self) -> bool:
        """Whether nothing of that tensor is missing then, as of a concatenation."""
        return self.network.writers[self.output][-1] < self.last

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels) that its last step writes."""
        return self.steps[-1].target

    @property
    def loads(self) -> bool:
        """Whether it begins by loading the image."""
        return self.steps[0].loads

    @cached_property
    def live(self) -> tuple[int, ...]:
        """Whole tensors in the arena when it begins, in order of birth."""
        return self.network.live(self.first)

    @cached_property
    def born(self) -> tuple[int, ...]:
        """Ends that take bytes of the arena from now on, in order of birth."""
        ends = (t for t in self.ends if self.network.born[t] >= self.first)
        return tuple(sorted(ends, key=self.network.born.__getitem__))

    @property
    def live_bytes(self) -> int:
        """Bytes of the whole tensors when it begins."""
        return self.network.live_bytes[self.first]

    @property
    def born_bytes(self) -> int:
        """Bytes of its ends."""
        return sum(self.network.sizes[t] for t in self.born)

    @cached_property
    def inputs(self) -> tuple[int, ...]:
        """Whole tensors in the arena that its steps read, in order of birth."""
        read = {t for step in self.steps for t in step.inputs()}
        return tuple(t for t in self.live if t in read)

    @cached_property
    def dying(self) -> int | None:
        """The input into whose dead lines the output may run; None if there is none.

        It must lie lowest in the arena and die here, and the output be written by one step.
        """
        last = self.steps[-1]
        if not self.live or self.born != (last.z,) or self.ends != (last.z,) or last.partial:
            return None
        lowest = self.live[-1]
        again = any(step.call.broadcast and step.y == lowest for step in self.steps)
        return None if again or self.network.dies[lowest] >= self.last else lowest

    @property
    def is_final(self) -> bool:
        """Whether it writes the only output of the network, last of all."""
        network = self.network
        return self.last == len(network.steps) and network.outputs == (self.output,)

    @property
    def splits(self) -> bool:
        """Whether it can run once per group of output channels."""
        head, *tail = self.steps
        return (
            head.heads_split
            and len(tail) > 0
            and len(self.ends) == 1
            and all(step.channelwise and step.y is None for step in tail)
            and all(b.x == a.z for a, b in zip(self.steps, tail, strict=False))
            and not any(step.partial for step in self.steps)
        )


def edge(network: Network, first: int, last: int) -> Edge | None:
    """The edge of steps first .. last - 1; None if they cannot be one stage."""
    return Edge(network, first, last) if _is_edge(network, first, last) else None


def edges_from(network: Network, first: int) -> tuple[Edge, ...]:
    """Every edge that begins with step `first`."""
    ends = range(first + 1, min(len(network.steps), first + LONGEST) + 1)
    return tuple(Edge(network, first, last) for last in ends if _is_edge(network, first, last))


def _is_edge(network: Network, first: int, last: int) -> bool:
    """Whether steps first..last-1 may run as one stage."""
    if last - first > LONGEST:
        return False
    for i in range(first, last):
        z = network.steps[i].z
        inside = [k for k in network.readers[z] if k < last]
        if not all(follows(network.steps[k], network.steps[i]) for k in inside):
            return False
        if not reads_alike(network, i, last):
            return False
        # a window cannot be filled by two stages
        if network.dies[z] < last and network.writers[z][0] < first and inside:
            return False
    return True


def follows(reader: Step, writer: Step) -> bool:
    """Whether a step can read a tensor while it is written."""
    if reader.source != writer.result or (reader.call.broadcast and reader.y == writer.z):
        return False
    return reader.reads is not Reads.WINDOW or (
        _touches(reader.rows, reader.source[0], reader.target[0])
        and _touches(reader.columns, reader.source[1], reader.target[1])
    )


def reads_alike(network: Network, i: int, last: int) -> bool:
    """Whether step i and those behind it see in one shape what they read: a stage knows one each.

    A flattened tensor and the map that it was are two views of the same bytes.
    """
    step, steps = network.steps[i], network.steps
    return all(
        steps[k].shape_of(t) == step.shape_of(t)
        for t in step.inputs()
        for k in network.readers[t]
        if i < k < last
    )


def _touches(axis: Axis, size: int, outputs: int) -> bool:
    """Whether every output reads at least one input that is not padding."""
    return axis.end(1) > 0 and axis.first(outputs - 1) < size
