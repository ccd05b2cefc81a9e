"""The whole way from an ONNX file to C text, as one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from msfcnn.emit import EmitOptions, Sources, emit
from msfcnn.emit.weights import constant_bytes
from msfcnn.errors import InfeasibleError, Problem, UsageError
from msfcnn.graph import network
from msfcnn.importer import load_model
from msfcnn.layout import Layout, layout
from msfcnn.model import InputMode, Model
from msfcnn.plan import Plan, plan_layer_by_layer
from msfcnn.schedule import Schedule, schedule

ISAS = ("generic",)


@dataclass(frozen=True)
class GenerateRequest:
    """What to generate.

    name:       C identifier of the model.
    command:    as the user typed it, for the banner of the generated files.
    max_ram:    bytes of arena allowed; None for no limit.
    max_macs:   bound on executed MACs / unfused MACs; None for no limit.
    """

    model: Path
    name: str
    command: str
    isa: str = "generic"
    input_mode: InputMode = InputMode.IMAGE
    max_ram: int | None = None
    max_macs: float | None = None


@dataclass(frozen=True)
class Generated:
    """Every intermediate result, and the files."""

    model: Model
    plan: Plan
    schedule: Schedule
    layout: Layout
    sources: Sources

    @property
    def recompute_factor(self) -> float:
        """MACs executed / MACs of the model."""
        return self.schedule.macs / self.model.macs if self.model.macs else 1.0


def generate(request: GenerateRequest) -> Generated:
    """Import, plan, schedule, lay out and emit.

    Raises ModelError, UsageError, or InfeasibleError where the bound cannot be met.
    """
    if request.isa not in ISAS:
        raise UsageError(
            Problem("--isa", f"'{request.isa}' is not known", f"use one of: {', '.join(ISAS)}")
        )
    model = load_model(request.model)
    plan = plan_layer_by_layer(network(model, request.input_mode))
    scheduled = schedule(plan)
    laid_out = layout(scheduled)
    _check_ram(model, scheduled, laid_out, request.max_ram)
    sources = emit(model, scheduled, laid_out, EmitOptions(request.name, request.command))
    return Generated(model, plan, scheduled, laid_out, sources)


def summary(generated: Generated) -> Mapping[str, object]:
    """What the result costs, as plain data."""
    model, laid_out = generated.model, generated.layout
    return {
        "model": {"name": model.name, "sha256": model.sha256, "macs": model.macs},
        "input_mode": generated.plan.network.mode.value,
        "stages": len(generated.schedule.stages),
        "peak_ram": laid_out.peak_ram,
        "macs": generated.schedule.macs,
        "recompute_factor": generated.recompute_factor,
        "weight_bytes": constant_bytes(model),
        "input_bytes": model.tensors[model.input.tensor].size,
        "output_bytes": sum(model.tensors[p.tensor].size for p in model.outputs),
    }


def _check_ram(model: Model, scheduled: Schedule, laid_out: Layout, limit: int | None) -> None:
    if limit is None or laid_out.peak_ram <= limit:
        return
    steps = scheduled.stages[scheduled.binding_stage].chain.steps
    op = model.ops[steps[-1].op]
    tensors = ", ".join(
        f"{model.tensors[t].name} {'x'.join(map(str, model.tensors[t].shape))}"
        for t in (*op.inputs, op.output)
    )
    raise InfeasibleError(
        Problem(
            op.node,
            f"needs {laid_out.peak_ram} bytes of arena, the limit is {limit} ({tensors})",
            f"allow at least {laid_out.peak_ram} bytes, or use a smaller input resolution or width",
            type(op).__name__,
        ),
        best_ram=laid_out.peak_ram,
    )
