"""What `plan` shows, as plain figures."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.cli.plan_text import CYCLES_PER_INSTRUCTION
from msfcnn.fusion.graph import Schemes
from msfcnn.ir import Model
from msfcnn.pipeline import GenerateRequest, lay_out
from msfcnn.planner import Path, pareto
from msfcnn.planner.neighbours import Neighbour, neighbours, timed_around
from msfcnn.planner.space import Space
from msfcnn.schedule import Schedule
from msfcnn.schedule.figures import StageFigures, paper_figures, stage_figures


@dataclass(frozen=True)
class Point:
    """RAM in bytes, MACs executed, and those MACs / the network's."""

    peak_ram: int
    without_io: int
    macs: int
    factor: float


@dataclass(frozen=True)
class StageWay:
    """How a stage runs: names of tensors whose halo is kept, channels of a pass, and the rest."""

    kept: tuple[str, ...]
    split: int
    run: int
    tight: bool


@dataclass(frozen=True)
class Estimate:
    """Estimated instructions of an inference, for kernels on a core; the clock in Hz."""

    instructions: int
    isa: str
    core: str
    clock: int | None

    @property
    def seconds(self) -> float | None:
        """At the clock, with the assumed cycles of an instruction."""
        if self.clock is None:
            return None
        return self.instructions * CYCLES_PER_INSTRUCTION / self.clock


@dataclass(frozen=True)
class PlanFigures:
    """A plan in figures.

    totals:  by the accounting of the plan space: the engine's, or the paper's.
    bare:    whether the RAM that counts is without the network's output.
    engine:  what the engine uses and executes; the same unless the plan space is the paper's.
    nearby:  what a little more RAM would buy, and what a little less would cost.
    image:   bytes of the input image; with_caller: whether it is beside the arena.
    """

    paper: bool
    bare: bool
    totals: Point
    engine: Point
    stages: tuple[StageFigures, ...]
    ways: tuple[StageWay, ...]
    estimate: Estimate
    macs: int
    nearby: tuple[Neighbour, Neighbour]
    input_mode: str
    image: int
    outputs: int

    @property
    def binding(self) -> int:
        """The stage that needs the most RAM, as it was counted for the bound."""
        sizes = [stage.without_io if self.bare else stage.total for stage in self.stages]
        return sizes.index(max(sizes))


def plan_figures(
    model: Model, space: Space, request: GenerateRequest, clock: int | None = None
) -> PlanFigures:
    """The plan for a request. Raises InfeasibleError."""
    if request.goal.timed and request.max_ram is not None:
        timed_around(space, request.goal, request.max_ram)
    _, scheduled, laid_out = lay_out(model, space, request)
    paper = request.schemes is Schemes.PAPER
    macs = space.network.macs
    used = stage_figures(scheduled, model)
    engine = Point(
        laid_out.peak_ram,
        scheduled.peak_ram_without_io,
        scheduled.macs,
        _factor(scheduled.macs, macs),
    )
    stages = paper_figures(scheduled, model) if paper else used
    totals = _counted(stages, macs) if paper else engine
    base = totals.without_io if request.goal.bare else totals.peak_ram
    nearby = neighbours(space, request.goal, request.max_ram or base)
    return PlanFigures(
        paper,
        request.goal.bare,
        totals,
        engine,
        stages,
        _ways(scheduled, model),
        Estimate(scheduled.instructions, request.isa, space.network.measured.core, clock),
        macs,
        nearby,
        request.input_mode.value,
        model.tensors[model.input.tensor].size,
        sum(model.tensors[port.tensor].size for port in model.outputs),
    )


def front_points(model: Model, space: Space, request: GenerateRequest) -> tuple[Point, ...]:
    """The front, within the bounds of the request where there are any.

    Raises InfeasibleError if nothing is within them.
    """
    goal, macs = request.goal, space.network.macs
    most = goal.most_macs(space.network) if goal.max_macs is not None else None
    points = []
    for path in pareto(space.network, goal, space):
        ram = path.without_io if goal.bare else path.ram
        fits = goal.max_ram is None or ram <= goal.max_ram
        if fits and (most is None or path.macs <= most):
            points.append(_point(path, macs))
    if not points:
        lay_out(model, space, request)  # says why
    return tuple(points)


def _point(path: Path, macs: int) -> Point:
    return Point(path.ram, path.without_io, path.macs, _factor(path.macs, macs))


def _factor(executed: int, macs: int) -> float:
    return executed / macs if macs else 1.0


def _counted(stages: tuple[StageFigures, ...], macs: int) -> Point:
    executed = sum(stage.macs for stage in stages)
    peak = max(stage.total for stage in stages)
    bare = max(stage.without_io for stage in stages)
    return Point(peak, bare, executed, _factor(executed, macs))


def _ways(scheduled: Schedule, model: Model) -> tuple[StageWay, ...]:
    ways = []
    for stage in scheduled.stages:
        option = stage.option
        kept = tuple(model.tensors[stage.chain.steps[i].x].name for i in sorted(option.keep))
        ways.append(StageWay(kept, option.split, option.run, option.tight))
    return tuple(ways)
