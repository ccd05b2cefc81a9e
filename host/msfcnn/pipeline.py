"""The whole way from a model to C text, as one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from msfcnn.costmodel import cores
from msfcnn.emit import EmitOptions, Sources, config_flags, emit, engine_limits
from msfcnn.errors import Problem, UsageError
from msfcnn.files import write_all
from msfcnn.fusion import Schemes, network
from msfcnn.ir import InputMode, Model
from msfcnn.isa import BLOCK, ISAS
from msfcnn.layout import Layout, layout
from msfcnn.optimize import Folding, compare, fold_dead_channels
from msfcnn.options import Options
from msfcnn.planner import Goal, NoPlanError, Plan, Space, plan, plan_layer_by_layer, space_of
from msfcnn.schedule import Schedule, schedule
from msfcnn.suggest import did_you_mean


@dataclass(frozen=True)
class Planned:
    """Every intermediate result of planning.

    source: the model as imported. model: without its dead channels. folding: what became of them.
    """

    source: Model
    folding: Folding
    model: Model
    plan: Plan
    schedule: Schedule
    layout: Layout

    @property
    def recompute_factor(self) -> float:
        """MACs executed / MACs of the model."""
        unfused = self.schedule.network.macs
        return self.schedule.macs / unfused if unfused else 1.0


@dataclass(frozen=True)
class Generated(Planned):
    """And the files."""

    sources: Sources

    @property
    def name(self) -> str:
        """The C identifier of the model, after which the files are called."""
        return next(file for file in self.sources if file.endswith(".h")).removesuffix(".h")

    @property
    def files(self) -> Mapping[str, str]:
        """The sources and NAME.cflags: what the engine must be compiled with (`cc @NAME.cflags`).

        The response file is empty where the engine's defaults are enough.
        """
        flags = config_flags(*engine_limits(self.schedule))
        return {**self.sources, f"{self.name}.cflags": "".join(f"{flag}\n" for flag in flags)}

    def write(self, directory: str | Path) -> tuple[Path, ...]:
        """Write the files into a directory, made if needed: all or none; returns their paths."""
        write_all(Path(directory), self.files)
        return tuple(Path(directory) / file for file in self.files)


def generate(source: Model, name: str, options: Options, command: str) -> Generated:
    """Plan, schedule, lay out and emit.

    name:    C identifier of the model.
    command: what makes the files anew, for their banners.

    Raises ModelError, UsageError, or InfeasibleError where the bound cannot be met.
    """
    found = plan_model(source, options)
    sources = emit(found.model, found.schedule, found.layout, EmitOptions(name, command))
    return Generated(
        source=source,
        folding=found.folding,
        model=found.model,
        plan=found.plan,
        schedule=found.schedule,
        layout=found.layout,
        sources=sources,
    )


def plan_model(source: Model, options: Options) -> Planned:
    """Everything before the C text. Raises UsageError or InfeasibleError."""
    model, folding = folded(source, options.keep_dead_channels)
    planned, scheduled, laid_out = lay_out(model, plan_space(model, options), options)
    return Planned(
        source=source,
        folding=folding,
        model=model,
        plan=planned,
        schedule=scheduled,
        layout=laid_out,
    )


def goal_of(options: Options) -> Goal:
    """What the plan is to be good for."""
    return Goal(
        max_ram=options.max_ram,
        max_macs=options.max_macs,
        schemes=Schemes(options.schemes),
        run=options.run,
        without_io=options.without_io,
        max_time=options.max_time_factor,
    )


def plan_space(model: Model, options: Options) -> Space:
    """What the plans of a model can be made of; several goals can be asked of one space.

    Raises UsageError for an unknown instruction set or core.
    """
    problems = [
        Problem(name, f"'{given}' is not known", did_you_mean(given, known, ", ".join(known)))
        for name, given, known in (("isa", options.isa, ISAS), ("core", options.core, cores()))
        if given is not None and given not in known
    ]
    if problems:
        raise UsageError(*problems)
    steps = network(model, InputMode(options.input), options.isa, options.core)
    return space_of(steps, goal_of(options))


def lay_out(model: Model, space: Space, options: Options) -> tuple[Plan, Schedule, Layout]:
    """Plan, schedule and lay out. Raises InfeasibleError, with the names of the model's nodes."""
    try:
        planned = plan(space.network, goal_of(options), space)
    except NoPlanError as error:
        raise NoPlanError(error.shortfall, model) from None
    scheduled = schedule(planned, room=None if goal_of(options).timed else options.max_ram)
    return planned, scheduled, layout(scheduled)


def generate_layers(source: Model, name: str) -> Generated:
    """The code of a model, dead channels included, that runs layer by layer."""
    planned = plan_layer_by_layer(network(source))
    return generate_plan(source, planned, EmitOptions(name, "layer by layer"))


def generate_plan(
    source: Model,
    planned: Plan,
    options: EmitOptions,
    stretch: bool = True,
    room: int | None = None,
) -> Generated:
    """The code of a model, dead channels included, that runs as planned.

    stretch, room: see schedule; without stretch ops have the runs of their stages, too.
    """
    model, folding = folded(source, keep_dead=True)
    scheduled = schedule(planned, stretch, room, own_runs=stretch)
    laid_out = layout(scheduled)
    sources = emit(model, scheduled, laid_out, options)
    return Generated(
        source=source,
        folding=folding,
        model=model,
        plan=planned,
        schedule=scheduled,
        layout=laid_out,
        sources=sources,
    )


def folded(source: Model, keep_dead: bool = False) -> tuple[Model, Folding]:
    """The model without its dead channels, unless they are to stay."""
    if keep_dead:
        everything = tuple(tuple(range(tensor.channels)) for tensor in source.tensors)
        return source, compare(source, source, everything)
    return fold_dead_channels(source, BLOCK)
