"""From a schedule to offsets in the arena.

While a stage runs, the arena is [ windows | output ->  <- input | live skips ]. Scratch is at its
beginning, shared runs on it where they may, and the kept halo of a window directly behind it, where
the engine looks for them. Whole tensors stand at the top end, the oldest highest; between two
stages they move up over those that are dead.
"""

from __future__ import annotations

from msfcnn.errors import InternalError
from msfcnn.fusion import SUM_BYTES, Network, Resident
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
    """Where each tensor of a stage lies. Tensors that wait are stacked at the end of the
    arena, so that they move at most once; windows lie below them.
    """
    whole = _stack(network, stage.edge.first, arena)
    moves = tuple(
        Move(offset, now[t], network.sizes[t]) for t, offset in whole.items() if now[t] != offset
    )
    # whole tensors that the stage neither writes nor overlaps keep the top; below them the output,
    # whose end lies in the input where that dies
    end = arena - stage.cost.others
    if stage.edge.dying is not None:
        whole[stage.edge.output] = end - stage.cost.region
    else:
        for tensor in stage.edge.born:
            end -= network.sizes[tensor]
            whole[tensor] = end
    # [scratch | sums | runs], or where runs reach into scratch that their kernels do not need,
    # [scratch and runs | sums]
    found = stage.cost
    apart = found.shared == found.scratch + found.runs
    at = found.scratch if apart else found.shared
    sums: dict[int, int] = {}
    for i, step in enumerate(stage.edge.steps):
        if step.reads is Reads.GLOBAL:
            sums[i] = at
            at += SUM_BYTES * min(stage.option.split or step.target[2], step.target[2])
    if apart:
        at += found.runs
    windows = _runs(stage, at if apart else found.shared)
    halos: dict[int, int] = {}
    rings: dict[int, int] = {}
    for tensor, halo in stage.cost.halos.items():
        if stage.cost.windows[tensor].resident is not Resident.LINES:
            halos[tensor] = at
            at += halo.size
    for tensor, ring in stage.cost.copies.items():
        rings[tensor] = at
        at += ring.size
    # the window that the dying input may begin in comes last, next to that input
    own = [t for t, window in stage.cost.windows.items() if not window.shared]
    for tensor in sorted(own, key=lambda t: t == stage.cost.tail):
        windows[tensor] = at
        at += stage.cost.windows[tensor].size
        if tensor in stage.cost.halos and tensor not in halos:
            halos[tensor] = at
            at += stage.cost.halos[tensor].size
    return StagePlaces(
        whole=whole,
        windows=windows,
        halos=halos,
        rings=rings,
        sums=sums,
        moves=moves,
    )


def _stack(network: Network, cut: int, arena: int) -> dict[int, int]:
    """Whole tensors at a cut, from the top of the arena down, the oldest first."""
    whole = {}
    for tensor in network.live(cut):
        arena -= network.sizes[tensor]
        whole[tensor] = arena
    return whole


def _runs(stage: ScheduledStage, end: int) -> dict[int, int]:
    """Runs that follow each other are at the two ends of their common space.

    A kernel reads one run while it writes the next, so only neighbours must not overlap. end: where
    the common space ends. longer: pixels of runs that are longer than planned.
    """
    found = stage.cost
    shared = [
        (tensor, stage.runs.get(tensor, window.length) * window.channels)
        for tensor, window in found.windows.items()
        if window.shared
    ]
    return {
        tensor: end - (found.runs if tensor in found.lower else size) for tensor, size in shared
    }


def _check(stage: ScheduledStage, places: StagePlaces, arena: int) -> None:
    """The buffers of the stage must end where the tensors begin; the input may reach into one."""
    late = {stage.edge.dying} if stage.cost.tail is not None else set()
    bottom = min((o for t, o in places.whole.items() if t not in late), default=arena)
    if stage.cost.window_bytes > bottom or stage.cost.total > arena:
        raise InternalError(
            f"stage {stage.edge.first}..{stage.edge.last}: {stage.cost.window_bytes} bytes of "
            f"windows reach into the tensors at {bottom}"
        )
