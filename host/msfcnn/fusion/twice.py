"""Gates in two passes: what a gate multiplies is computed twice instead of kept.

A squeeze-and-excite gate multiplies a map by factors that depend on all of it, so the map has to
be whole until they are known. Or the steps that make it run twice, from a smaller tensor that
stays: once into the global average, once again into the gate. Then the map never exists; the price
is the MACs of these steps. Which gates are worth that is the planner's choice (planner/passes.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from msfcnn.fusion.step import Step
from msfcnn.fusion.steps import Network, repeating
from msfcnn.ir import Reads

LONGEST_WAY = 16  # steps from the tensor that stays to the map; longer ways cost too much
SMALLER = 2  # a tensor of half the map's bytes is small enough to stay


@dataclass(frozen=True, order=True)
class Gate:
    """A map, and the tensor that the gate makes of it."""

    map: int
    output: int


@dataclass(frozen=True)
class _Way:
    """The steps that compute a map, ascending, and the only tensor that they read."""

    steps: tuple[int, ...]
    start: int


def gates(network: Network) -> tuple[Gate, ...]:
    """Gates whose maps can be computed from a smaller tensor, in execution order."""
    found = []
    for i, step in enumerate(network.steps):
        gating = step.y is not None and step.call.broadcast and _looks_at_all(network, step)
        if gating and _way(network, step.x, i) is not None:
            found.append(Gate(step.x, step.z))
    return tuple(found)


def two_passes(network: Network) -> tuple[Step, ...]:
    """The gates of a network whose maps are computed twice, in execution order."""
    repeats = network.repeats
    return tuple(s for s in network.steps if s.x in repeats and s.z not in repeats)


def in_two_passes(network: Network, gate: Gate) -> Network:
    """The network with the steps up to a gate's map once again in front of the gate."""
    [at] = [i for i in network.writers[gate.output] if network.steps[i].x == gate.map]
    way = _way(network, gate.map, at)
    assert way is not None, "it was found before"
    names = _new_names(network, way)
    again = [_renamed(network.steps[i], names) for i in way.steps]
    reader = _renamed(network.steps[at], {gate.map: names[gate.map]})
    steps = [*network.steps[:at], *again, reader, *network.steps[at + 1 :]]
    repeats = {**network.repeats, **{new: old for old, new in names.items()}}
    return repeating(network, _needed(steps, network.outputs), repeats)


def _looks_at_all(network: Network, gate: Step) -> bool:
    """Whether the factors of a gate depend on all of its map, through a global pooling."""
    assert gate.y is not None
    open_tensors, met = [gate.y], set()
    while open_tensors:
        tensor = open_tensors.pop()
        for i in network.writers[tensor]:
            step = network.steps[i]
            if step.reads is Reads.GLOBAL and _made_of(network, step.x, gate.x):
                return True
            new = [t for t in step.inputs() if t not in met]
            met.update(new)
            open_tensors += new
    return False


def _made_of(network: Network, tensor: int, map_: int) -> bool:
    """Whether a tensor is the map, or one of both is the other behind ops of its own pixels."""
    return bool(_pointwise_roots(network, tensor) & _pointwise_roots(network, map_))


def _pointwise_roots(network: Network, tensor: int) -> set[int]:
    """A tensor and those that it is made of by ops that look at their own pixels only."""
    found = {tensor}
    while len(network.writers[tensor]) == 1:
        step = network.steps[network.writers[tensor][0]]
        if step.reads is not Reads.RUN or step.y is not None or step.macs_per_pixel:
            break
        tensor = step.x
        found.add(tensor)
    return found


def _way(network: Network, map_: int, reader: int) -> _Way | None:
    """The shortest way to a map from a tensor of at most half its bytes; else from the smallest.

    None if none is smaller than the map.
    """
    best: _Way | None = None
    for way in _ways(network, map_, reader):
        size = _kept_bytes(network, way.start)
        if size * SMALLER <= network.sizes[map_]:
            return way
        smallest = network.sizes[map_] if best is None else _kept_bytes(network, best.start)
        best = way if size < smallest else best
    return best


def _kept_bytes(network: Network, tensor: int) -> int:
    """What a tensor takes of the arena: nothing, if it stays with the caller."""
    return 0 if network.born[tensor] < 0 else network.sizes[tensor]


def _ways(network: Network, map_: int, reader: int) -> Iterator[_Way]:
    """Ways to a map from single tensors, the shortest first."""
    taken: set[int] = set()
    border = {map_}
    while border and len(taken) <= LONGEST_WAY:
        if taken and len(border) == 1:
            yield _Way(tuple(sorted(taken)), next(iter(border)))
        # the youngest tensor cannot be made of another one at the border
        youngest = max(border, key=lambda t: max(network.writers[t], default=-1))
        writers = network.writers[youngest]
        steps = [network.steps[i] for i in writers]
        if not writers or any(s.loads or s.reads is Reads.GLOBAL for s in steps):
            return
        if max(writers) >= reader or youngest in network.repeats:
            return
        taken.update(writers)
        border = (border - {youngest}) | {t for s in steps for t in s.inputs()}


def _new_names(network: Network, way: _Way) -> dict[int, int]:
    """A new tensor for each one that the steps of a way write."""
    written = dict.fromkeys(network.steps[i].z for i in way.steps)
    first = max(network.sizes) + 1
    return {tensor: first + k for k, tensor in enumerate(written)}


def _renamed(step: Step, names: dict[int, int]) -> Step:
    """The step on other tensors; what its op reads in the model stays."""
    return replace(
        step,
        x=names.get(step.x, step.x),
        y=None if step.y is None else names.get(step.y, step.y),
        z=names.get(step.z, step.z),
    )


def _needed(steps: list[Step], outputs: tuple[int, ...]) -> list[Step]:
    """Without steps that write what nobody reads any more."""
    read = {*outputs}
    kept: list[Step] = []
    for step in reversed(steps):
        if step.z in read:
            kept.append(step)
            read.update(step.inputs())
    return kept[::-1]
