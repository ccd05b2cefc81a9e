"""From a schedule to offsets in the arena.

While a stage runs, the arena is [ windows | output ->  <- input | live skips ]. Scratch is at its
beginning, and the kept halo of a window directly behind it, where the engine looks for them. Whole
tensors stand at the top end, the oldest highest; between two stages they move up over those that
are dead.
"""

from __future__ import annotations

from msfcnn.errors import InternalError
from msfcnn.fusion import Network
from msfcnn.fusion.cost import SUM_BYTES
from msfcnn.ir import Reads
from msfcnn.layout.types import Layout, Move, StagePlaces
from msfcnn.schedule import Schedule, ScheduledStage


def layout(schedule: Schedule) -> Layout:
    """Offsets of every buffer. Raises InternalError if a stage does not fit its own cost."""
    arena = schedule.peak_ram
    places: list[StagePlaces] = []
    now: dict[int, int] = {}
    for stage in schedule.stages:
        placed = _stage(schedule.network, stage, arena, now)
        _check(stage, placed, arena)
        places.append(placed)
        now = placed.whole
    outputs = tuple(now[t] for t in schedule.network.outputs)
    return Layout(tuple(places), outputs, arena)


def _stage(network: Network, stage: ScheduledStage, arena: int, now: dict[int, int]) -> StagePlaces:
    whole = _stack(network, stage.chain.first, arena)
    moves = tuple(
        Move(offset, now[t], network.sizes[t]) for t, offset in whole.items() if now[t] != offset
    )
    output = stage.chain.output
    if output not in whole:
        whole[output] = arena - stage.cost.others - stage.cost.region
    at = stage.cost.scratch
    sums: dict[int, int] = {}
    for i, step in enumerate(stage.chain.steps):
        if step.reads is Reads.GLOBAL:
            sums[i] = at
            at += SUM_BYTES * min(stage.option.split or step.target[2], step.target[2])
    windows = _runs(stage, at)
    at += stage.cost.runs
    halos: dict[int, int] = {}
    rings: dict[int, int] = {}
    for i, halo in stage.cost.halos.items():
        if not stage.cost.windows[i].slots:
            halos[i] = at
            at += halo.size
    for ring in stage.cost.rings:
        rings[ring.skip.add] = at
        at += ring.size
    lines = [i for i, window in stage.cost.windows.items() if window.slots]
    for i in sorted(lines, key=lambda i: i == stage.cost.tail):
        windows[i] = at
        at += stage.cost.windows[i].size
        if i in stage.cost.halos:
            halos[i] = at
            at += stage.cost.halos[i].size
    return StagePlaces(whole, windows, halos, rings, sums, moves)


def _stack(network: Network, cut: int, arena: int) -> dict[int, int]:
    """Whole tensors at a cut, from the top of the arena down, the oldest first."""
    whole = {}
    for tensor in network.live(cut):
        arena -= network.sizes[tensor]
        whole[tensor] = arena
    return whole


def _runs(stage: ScheduledStage, at: int) -> dict[int, int]:
    """Neighbouring runs grow from the two ends of their common space."""
    runs = {}
    for i, window in stage.cost.windows.items():
        if not window.slots:
            runs[i] = at if i % 2 == 0 else at + stage.cost.runs - window.size
    return runs


def _check(stage: ScheduledStage, places: StagePlaces, arena: int) -> None:
    """The buffers of the stage must end where the tensors begin; the input may reach into one."""
    late = {stage.chain.input} if stage.cost.tail else set()
    bottom = min((o for t, o in places.whole.items() if t not in late), default=arena)
    if stage.cost.window_bytes > bottom or stage.cost.total > arena:
        raise InternalError(
            f"stage {stage.chain.first}..{stage.chain.last}: {stage.cost.window_bytes} bytes of "
            f"windows reach into the tensors at {bottom}"
        )
