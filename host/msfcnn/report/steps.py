"""A stage in motion, line by line: which lines of each tensor are resident, computed, dead."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.errors import Problem, UsageError
from msfcnn.fusion import Edge
from msfcnn.ir import Model, Reads
from msfcnn.pipeline import Planned
from msfcnn.schedule import ScheduledStage

LINE_SHARES = 1 << 16  # as the engine compares several ends, see fusion/waiting.py


@dataclass(frozen=True, kw_only=True)
class Lines:
    """A tensor after a moment; its lines are 0 .. lines - 1.

    dead:     lines below this one are not needed any more.
    before:   lines below this one were there already; from it to `written` they were computed now.
    room:     whole lines that its window has; None where it is whole, or less than a line.
    """

    tensor: str
    lines: int
    dead: int
    before: int
    written: int
    room: int | None

    @property
    def resident(self) -> int:
        """Lines that are there and still needed."""
        return max(0, self.written - self.dead)


@dataclass(frozen=True, kw_only=True)
class MovingStage:
    """A stage; `moments`: after each line of its output, the tensors in the order of reading.

    unit:  row or column, what a line is.
    bands: how often the output is swept, a band of its pixels each time.
    """

    number: int
    ops: tuple[str, ...]
    scheme: str
    unit: str
    bands: int
    moments: tuple[tuple[Lines, ...], ...]


def moving_stage(planned: Planned, number: int, ops: tuple[str, ...]) -> MovingStage:
    """Stage `number` (from 1 on) of a plan. Raises UsageError if there is none."""
    stages = planned.schedule.stages
    if not 1 <= number <= len(stages):
        hint = f"the plan has the stages 1 to {len(stages)}"
        raise UsageError(Problem("--stage", f"there is no stage {number}", hint))
    stage = stages[number - 1]
    option = stage.option
    pixels = stage.edge.shape[0 if option.columns else 1]
    return MovingStage(
        number=number,
        ops=ops,
        scheme=option.scheme.value,
        unit="column" if option.columns else "row",
        bands=-(-pixels // option.band) if option.columns else 1,
        moments=moments(stage, planned.model),
    )


def moments(stage: ScheduledStage, model: Model) -> tuple[tuple[Lines, ...], ...]:
    """The tensors after each line of the output; of several outputs by the engine's order."""
    edge, columns = stage.edge, stage.option.columns
    extents = _extents(edge, columns)
    windows = stage.cost.windows
    rooms = {t: w.slots + (w.save > 0) for t, w in windows.items() if w.slots}
    written = {t: 0 if t in _writers(edge) else size for t, size in extents.items()}
    found = []
    for ends in _clock(edge, extents):
        now, needed = _demand(edge, columns, extents, ends)
        found.append(
            tuple(
                Lines(
                    tensor=model.tensors[edge.network.original(t)].name,
                    lines=size,
                    dead=0 if edge.network.dies[t] >= edge.last else needed[t],
                    before=written[t],
                    written=now.get(t, size),
                    room=rooms.get(t),
                )
                for t, size in extents.items()
            )
        )
        written |= now
    return tuple(found)


def _writers(edge: Edge) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for i, step in enumerate(edge.steps):
        found.setdefault(step.z, []).append(i)
    return found


def _extents(edge: Edge, columns: bool) -> dict[int, int]:
    """Lines of every tensor, in the order in which they are met."""
    found: dict[int, int] = {}
    for step in edge.steps:
        for t in step.inputs():
            shape = step.target if t == step.y and not step.call.broadcast else step.source
            found.setdefault(t, shape[1 if columns else 0])
        found.setdefault(step.z, step.target[1 if columns else 0])
    return found


def _clock(edge: Edge, extents: dict[int, int]) -> list[dict[int, int]]:
    """Lines of the ends that are done, one more each time."""
    ends = [t for t in edge.ends if t in _writers(edge)]
    ticks = sorted(
        ((line + 1) * LINE_SHARES // extents[t], order)
        for order, t in enumerate(ends)
        for line in range(extents[t])
    )
    done = dict.fromkeys(ends, 0)
    found = []
    for _, order in ticks:
        done[ends[order]] += 1
        found.append(dict(done))
    return found


def _demand(
    edge: Edge, columns: bool, extents: dict[int, int], ends: dict[int, int]
) -> tuple[dict[int, int], dict[int, int]]:
    """With so many lines of the ends: lines written of every tensor, the first still needed."""
    asked = {t: ends.get(t, 0) for t in _writers(edge)}
    needed = dict(extents)
    over = all(ends[t] == extents[t] for t in ends)
    for step in reversed(edge.steps):
        done, total = asked[step.z], extents[step.z]
        for t in step.inputs():
            size = extents[t]
            whole = step.reads is Reads.GLOBAL or (t == step.y and step.call.broadcast)
            axis = step.axes(columns)[0]
            end = (size if done else 0) if whole or done == 0 else max(0, min(size, axis.end(done)))
            if not over and done < total:
                # what the next line of its reader begins with
                needed[t] = min(needed[t], 0 if whole else max(0, axis.first(done)))
            if t in asked:
                asked[t] = max(asked[t], end)
    return asked, needed
