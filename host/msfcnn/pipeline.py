"""The whole way from an ONNX file to C text, as one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from msfcnn.emit import EmitOptions, Sources, emit
from msfcnn.emit.weights import constant_bytes
from msfcnn.errors import Problem, UsageError
from msfcnn.frontend import load_model
from msfcnn.fusion import network
from msfcnn.fusion.graph import Schemes
from msfcnn.fusion.options import DEFAULT_RUN
from msfcnn.ir import InputMode, Model
from msfcnn.isa import BLOCK, ISAS
from msfcnn.layout import Layout, layout
from msfcnn.optimize import Folding, fold_dead_channels
from msfcnn.optimize.folding import compare
from msfcnn.planner import Goal, NoPlanError, Plan, plan, plan_layer_by_layer
from msfcnn.planner.space import Space, space_of
from msfcnn.schedule import Schedule, schedule


@dataclass(frozen=True)
class GenerateRequest:
    """What to generate.

    name:       C identifier of the model.
    command:    as the user typed it, for the banner of the generated files.
    max_ram, max_macs, max_time: see planner.Goal.
    schemes:    the plan space.
    run:        pixels of a kernel call that every plan has room for.
    keep_dead:  leave dead channels in the network.
    without_io: RAM is counted without the network's output, as the paper does.
    core:       whose instructions are estimated; one that suits the isa by default.
    """

    model: Path
    name: str
    command: str
    isa: str = "generic"
    input_mode: InputMode = InputMode.IMAGE
    max_ram: int | None = None
    max_macs: float | None = None
    schemes: Schemes = Schemes.ALL
    run: int = DEFAULT_RUN
    keep_dead: bool = False
    without_io: bool = False
    max_time: float | None = None
    core: str | None = None

    @property
    def goal(self) -> Goal:
        """What the plan is to be good for."""
        bounds = (self.max_ram, self.max_macs)
        return Goal(*bounds, self.schemes, self.run, self.without_io, self.max_time)


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


def generate(request: GenerateRequest) -> Generated:
    """Import, plan, schedule, lay out and emit.

    Raises ModelError, UsageError, or InfeasibleError where the bound cannot be met.
    """
    if request.isa not in ISAS:
        raise UsageError(
            Problem("--isa", f"'{request.isa}' is not known", f"use one of: {', '.join(ISAS)}")
        )
    source = load_model(request.model)
    model, folding = folded(source, request.keep_dead)
    planned, scheduled, laid_out = lay_out(model, plan_space(model, request), request)
    sources = emit(model, scheduled, laid_out, EmitOptions(request.name, request.command))
    return Generated(source, folding, model, planned, scheduled, laid_out, sources)


def plan_space(model: Model, request: GenerateRequest) -> Space:
    """What the plans of a model can be made of; several goals can be asked of one space."""
    steps = network(model, request.input_mode, request.isa, request.core)
    return space_of(steps, request.goal)


def lay_out(model: Model, space: Space, request: GenerateRequest) -> tuple[Plan, Schedule, Layout]:
    """Plan, schedule and lay out. Raises InfeasibleError, with the names of the model's nodes."""
    try:
        planned = plan(space.network, request.goal, space)
    except NoPlanError as error:
        raise NoPlanError(error.shortfall, model) from None
    scheduled = schedule(planned, room=request.max_ram)
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

    stretch, room: see schedule.
    """
    model, folding = folded(source, keep_dead=True)
    scheduled = schedule(planned, stretch, room)
    laid_out = layout(scheduled)
    sources = emit(model, scheduled, laid_out, options)
    return Generated(source, folding, model, planned, scheduled, laid_out, sources)


def folded(source: Model, keep_dead: bool = False) -> tuple[Model, Folding]:
    """The model without its dead channels, unless they are to stay."""
    if keep_dead:
        everything = tuple(tuple(range(tensor.channels)) for tensor in source.tensors)
        return source, compare(source, source, everything)
    return fold_dead_channels(source, BLOCK)


def summary(generated: Generated) -> Mapping[str, object]:
    """What the result costs, as plain data."""
    model, laid_out = generated.model, generated.layout
    return {
        "model": {
            "name": model.name,
            "sha256": model.sha256,
            "macs": generated.source.macs,
            "live_macs": model.macs,
        },
        "input_mode": generated.plan.network.mode.value,
        "stages": len(generated.schedule.stages),
        "peak_ram": laid_out.peak_ram,
        "peak_ram_without_io": generated.schedule.peak_ram_without_io,
        "macs": generated.schedule.macs,
        "recompute_factor": generated.recompute_factor,
        "estimated_instructions": generated.schedule.instructions,
        "weight_bytes": constant_bytes(model),
        "input_bytes": model.tensors[model.input.tensor].size,
        "output_bytes": sum(model.tensors[p.tensor].size for p in model.outputs),
    }
