"""From a plan to the steps and windows of each stage."""

from __future__ import annotations

from msfcnn.model import Concat, InputMode, Model, Reshape
from msfcnn.model.liveness import last_readers
from msfcnn.plan import Plan, PlannedStage
from msfcnn.schedule.sweep import resident_rows, scratch_bytes
from msfcnn.schedule.types import Schedule, ScheduledStage, Step, Window


def schedule(model: Model, plan: Plan) -> Schedule:
    """Simulates every stage of a plan; its windows hold exactly what the sweep needs."""
    stages: list[ScheduledStage] = []
    last_reader = last_readers(model)
    for planned in plan.stages:
        pushed = plan.input_mode is InputMode.PUSH and not stages
        runs = _runs(model, planned)
        whole = {t for t, last in enumerate(last_reader) if last >= planned.last}
        if len(runs) > 1:  # each run sweeps the inputs of the op again
            whole |= set(model.ops[planned.first].inputs)
        for steps in runs:
            stages.append(_simulate(model, planned, steps, whole, pushed))
            pushed = False
    return Schedule(tuple(stages), plan.input_mode)


def _runs(model: Model, planned: PlannedStage) -> list[tuple[Step, ...]]:
    """Steps of a planned stage, in one run; but a concatenation alone is a run per part.

    A reshape has no step: its output is another name for the same bytes.
    """
    steps: list[Step] = []
    for index in range(planned.first, planned.last):
        op = model.ops[index]
        if isinstance(op, Concat):
            steps.extend(Step(index, part) for part in range(len(op.inputs)))
        elif not isinstance(op, Reshape):
            steps.append(Step(index))
    if planned.last - planned.first == 1:
        return [(step,) for step in steps]
    return [tuple(steps)]


def _simulate(
    model: Model, planned: PlannedStage, steps: tuple[Step, ...], whole: set[int], pushed: bool
) -> ScheduledStage:
    rows = resident_rows(model, steps, pushed)
    tensors = [model.input.tensor] if pushed else []
    tensors += [model.ops[step.op].output for step in steps if step.part == 0]
    return ScheduledStage(
        steps,
        planned.option.scheme,
        planned.option.band_rows,
        tuple(_window(model, t, None if t in whole else rows.get(t)) for t in tensors),
        sum(scratch_bytes(model, step) for step in steps),
        planned.option.macs,
    )


def _window(model: Model, tensor: int, rows: int | None) -> Window:
    shape = model.tensors[tensor]
    return Window(tensor, shape.height if rows is None else rows, shape.width)
