"""Generates and compiles models for the tests of the engine."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from msfcnn.emit import EmitOptions, emit
from msfcnn.fusion import network
from msfcnn.ir import InputMode, Model
from msfcnn.layout import layout
from msfcnn.pipeline import Generated, folded
from msfcnn.planner import Plan, plan_layer_by_layer
from msfcnn.schedule import schedule
from msfcnn.toolchain.native import SANITIZERS, WARNINGS, build_engine, engine_directory

KERNEL_LINES = 16
LIMITS = ["-DCONFIG_MSFCNN_STAGE_OPS=64", f"-DCONFIG_MSFCNN_KERNEL_LINES={KERNEL_LINES}"]


def passes(model: Model, name: str, plan: Plan, stretch: bool = True) -> Generated:
    """All passes behind the planner; dead channels stay."""
    source, folding = folded(model, keep_dead=True)
    scheduled = schedule(plan, stretch)
    laid_out = layout(scheduled)
    sources = emit(model, scheduled, laid_out, EmitOptions(name, "test"))
    return Generated(source, folding, model, plan, scheduled, laid_out, sources)


def generate(model: Model, name: str, mode: InputMode = InputMode.IMAGE) -> Mapping[str, str]:
    """Sources of the layer-by-layer plan."""
    return passes(model, name, plan_layer_by_layer(network(model, mode))).sources


def compile_c(
    include: Path, sources: Sequence[Path], program: Path, flags: Sequence[str] = ()
) -> Path:
    """Compiles sources with the engine, under sanitizers; fails with the compiler's words."""
    limits = [] if any("CONFIG" in f for f in flags) else LIMITS
    options = [*SANITIZERS, *limits, *flags]
    engine = () if "-c" in flags else build_engine(program.with_suffix(".engine"), options)
    command = ["gcc", *WARNINGS, *options]
    command += [f"-I{engine_directory() / 'include'}", f"-I{include}"]
    command += [*map(str, sources), *map(str, engine), "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return program
