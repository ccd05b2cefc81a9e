"""Generated code as plain figures, and what a program made of it did on this computer."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.emit import places, weight_bytes
from msfcnn.pipeline import Planned
from msfcnn.report.plan import ModelSummary, TradeOff, model_summary


@dataclass(frozen=True, kw_only=True)
class CodeReport(TradeOff):
    """What generated code costs; sizes in bytes, `input_bytes` is all inputs'."""

    model: ModelSummary
    input_mode: str
    stages: int
    estimated_instructions: int
    weight_bytes: int
    input_bytes: int
    output_bytes: int


@dataclass(frozen=True, kw_only=True)
class RunReport(CodeReport):
    """A program that ran on images.

    images_file:       their file; None for random ones.
    accuracy:          share of labelled images classified right; None without labels.
    arena_untouched:   bytes of the arena that were never written.
    seconds_per_image: on this computer.
    engine_bytes, table_bytes: machine code and constants; None where they cannot be measured.
    """

    images: int
    images_file: str | None
    accuracy: float | None
    seconds_per_image: float
    arena_untouched: int
    engine_bytes: int | None
    table_bytes: int | None


def code_report(generated: Planned) -> CodeReport:
    """What the generated code costs."""
    model = generated.model
    return CodeReport(
        model=model_summary(generated.source, model),
        input_mode=generated.plan.network.mode.value,
        stages=len(generated.schedule.stages),
        peak_ram=generated.layout.peak_ram,
        peak_ram_without_io=generated.schedule.peak_ram_without_io,
        macs=generated.schedule.macs,
        recompute_factor=generated.recompute_factor,
        estimated_instructions=generated.schedule.instructions,
        weight_bytes=weight_bytes(model, places(generated.schedule, generated.layout)),
        input_bytes=model.input_bytes,
        output_bytes=sum(model.tensors[port.tensor].size for port in model.outputs),
    )
