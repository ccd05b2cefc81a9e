"""A plan and the Pareto front as plain figures."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.costmodel import Cycles, cycles_of
from msfcnn.fusion import node_of, two_passes
from msfcnn.ir import Model
from msfcnn.options import Options
from msfcnn.pipeline import folded, goal_of, lay_out, plan_space
from msfcnn.planner import Neighbour, Path, neighbours, pareto, timed_around
from msfcnn.report.stages import StageReport, stage_reports
from msfcnn.schedule import Schedule, estimated_cycles


@dataclass(frozen=True, kw_only=True)
class ModelSummary:
    """A network: MACs of all its channels, and of those that are not dead."""

    name: str
    sha256: str
    macs: int
    live_macs: int


@dataclass(frozen=True, kw_only=True)
class TradeOff:
    """Bytes of arena, with and without the network's output; MACs executed / live MACs."""

    peak_ram: int
    peak_ram_without_io: int
    macs: int
    recompute_factor: float


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Estimated instructions of an inference, for kernels on a core, and its cycles and time.

    cycles:       without wait states of memories; of the board's processor where one is named.
    cycles_kind:  what they rest on: "RTL", "cycle model", both, or "assumed".
    cycles_basis: the same in words.
    clock:        Hz, and seconds at that clock; None where no board is named.
    flash_wait_states: cycles that come on top for each word of flash that nothing caches; None
        where they are not known, or no board is named.
    """

    instructions: int
    isa: str
    core: str
    cycles: int
    cycles_kind: str
    cycles_basis: str
    clock: int | None
    seconds: float | None
    flash_wait_states: int | None


@dataclass(frozen=True, kw_only=True)
class ParetoReport:
    """Every trade-off of RAM and MACs that no other one beats, by descending RAM.

    accounting: engine, or paper where the plan space is the paper's.
    """

    model: ModelSummary
    input_mode: str
    accounting: str
    points: tuple[TradeOff, ...]


@dataclass(frozen=True, kw_only=True)
class PlanReport(TradeOff):
    """A plan; the figures of the whole are by the accounting of its plan space.

    accounting:    engine, or paper where the plan space is the paper's.
    without_io:    whether the RAM that is bounded or minimized is without the network's output.
    engine:        what the engine uses and executes; the same unless the accounting is the paper's.
    largest_stage: index of the stage that needs the most RAM, as it was counted for the bound.
    nearby:        the best plans with a little more and with a little less RAM.
    two_passes:    nodes of gates whose maps are computed twice instead of kept.
    """

    model: ModelSummary
    input_mode: str
    accounting: str
    without_io: bool
    engine: TradeOff
    estimate: Estimate
    largest_stage: int
    stages: tuple[StageReport, ...]
    nearby: tuple[Neighbour, Neighbour]
    two_passes: tuple[str, ...]
    image_bytes: int
    beside_bytes: int
    output_bytes: int


def plan_report(
    source: Model,
    options: Options,
    clock: int | None = None,
    cycles: str | None = None,
    flash_wait_states: int | None = None,
) -> PlanReport:
    """The best plan for the options. Raises InfeasibleError.

    clock: Hz. cycles: whose cycles are estimated, by a name of the cost model; None: assumed ones.
    flash_wait_states: those of a board, which the estimate names and does not count.
    """
    model, _ = folded(source, options.keep_dead_channels)
    space, goal = plan_space(model, options), goal_of(options)
    if goal.timed and goal.max_ram is not None:
        timed_around(space, goal, goal.max_ram)
    _, scheduled, laid_out = lay_out(model, space, options)
    macs = space.network.macs
    stages = stage_reports(scheduled, model, _paper(options))
    engine = _trade_off(
        laid_out.peak_ram, scheduled.peak_ram_without_io, scheduled.macs, space.network.macs
    )
    counted = _counted(stages, macs) if _paper(options) else engine
    sizes = [stage.ram.without_io if goal.bare else stage.ram.total for stage in stages]
    return PlanReport(
        model=model_summary(source, model),
        input_mode=options.input,
        accounting=_accounting(options),
        peak_ram=counted.peak_ram,
        peak_ram_without_io=counted.peak_ram_without_io,
        macs=counted.macs,
        recompute_factor=counted.recompute_factor,
        without_io=goal.bare,
        engine=engine,
        estimate=_estimate(scheduled, options, clock, cycles_of(cycles), flash_wait_states),
        largest_stage=sizes.index(max(sizes)),
        stages=stages,
        nearby=neighbours(space, goal, goal.max_ram or max(sizes)),
        two_passes=tuple(node_of(model, step) for step in two_passes(scheduled.network)),
        image_bytes=model.tensors[model.input.tensor].size,
        beside_bytes=model.input_bytes - model.tensors[model.input.tensor].size,
        output_bytes=sum(model.tensors[port.tensor].size for port in model.outputs),
    )


def pareto_report(source: Model, options: Options) -> ParetoReport:
    """The front, within the bounds of the options. Raises InfeasibleError if that leaves none."""
    model, _ = folded(source, options.keep_dead_channels)
    space, goal = plan_space(model, options), goal_of(options)
    macs = space.network.macs
    most = goal.most_macs(space.network) if goal.max_macs is not None else None
    points = []
    for path in pareto(space.network, goal, space):
        ram = path.without_io if goal.bare else path.ram
        fits = goal.max_ram is None or ram <= goal.max_ram
        if fits and (most is None or path.macs <= most):
            points.append(_point(path, macs))
    if not points:
        lay_out(model, space, options)  # says why
    return ParetoReport(
        model=model_summary(source, model),
        input_mode=options.input,
        accounting=_accounting(options),
        points=tuple(points),
    )


def model_summary(source: Model, model: Model) -> ModelSummary:
    """Of a model as imported and without its dead channels."""
    return ModelSummary(
        name=source.name, sha256=source.sha256, macs=source.macs, live_macs=model.macs
    )


def _paper(options: Options) -> bool:
    return options.schemes == "paper"


def _accounting(options: Options) -> str:
    return "paper" if _paper(options) else "engine"


def _estimate(
    scheduled: Schedule,
    options: Options,
    clock: int | None,
    basis: Cycles,
    flash_wait_states: int | None,
) -> Estimate:
    cycles = estimated_cycles(scheduled, basis)
    return Estimate(
        instructions=scheduled.instructions,
        isa=options.isa,
        core=scheduled.network.measured.core,
        cycles=cycles,
        cycles_kind=basis.kind,
        cycles_basis=basis.basis,
        clock=clock,
        seconds=None if clock is None else cycles / clock,
        flash_wait_states=flash_wait_states,
    )


def _point(path: Path, macs: int) -> TradeOff:
    return _trade_off(path.ram, path.without_io, path.macs, macs)


def _counted(stages: tuple[StageReport, ...], macs: int) -> TradeOff:
    peak = max(stage.ram.total for stage in stages)
    bare = max(stage.ram.without_io for stage in stages)
    return _trade_off(peak, bare, sum(stage.macs for stage in stages), macs)


def _trade_off(peak: int, bare: int, executed: int, macs: int) -> TradeOff:
    factor = executed / macs if macs else 1.0
    return TradeOff(peak_ram=peak, peak_ram_without_io=bare, macs=executed, recompute_factor=factor)
