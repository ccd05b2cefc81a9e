"""Runs generated code on this computer and reads back what every stage wrote.

The program is toolchain's runner, which takes files and writes files; results of all images come
one behind the other, as bytes. It puts guard zones around an arena of exactly the planned size.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msfcnn.emit import config_flags, engine_limits
from msfcnn.errors import MismatchError, Problem
from msfcnn.files import write_all
from msfcnn.ir import Model
from msfcnn.pipeline import Generated
from msfcnn.toolchain import SANITIZERS, build_engine, build_runner

LARGEST_COMPLAINT = 2000  # characters of a sanitizer's report worth showing


@dataclass(frozen=True, eq=False)
class Execution:
    """What the C code did.

    outputs:    per network output int8 [n, H, W, C].
    tensors:    per tensor index int8 [n, H, W, C] as its stage left it, if stages were kept.
    seconds:    processor time of all inferences.
    untouched:  bytes of the arena that no inference changes.
    """

    outputs: tuple[NDArray[np.int8], ...]
    tensors: dict[int, NDArray[np.int8]]
    seconds: float
    untouched: int


def execute_c(
    generated: Generated,
    name: str,
    images: NDArray[np.int8],
    directory: Path,
    flags: Sequence[str] = SANITIZERS,
    keep_stages: bool = True,
    engine: Path | None = None,
) -> Execution:
    """Compiles the generated sources in `directory` and runs them on images [n, H, W, C].

    engine: where to keep the engine's objects for other models; by default with the rest.
    Raises BoardError if the code does not compile, MismatchError if it does not run cleanly.
    """
    write_all(directory, generated.sources)
    program = directory / "runner"
    config = config_flags(*engine_limits(generated.schedule))
    every = [*flags, *config]
    objects = build_engine((engine or directory) / "-".join(["engine", *config]), every)
    build_runner(directory, name, program, every, objects)
    return run_program(program, generated, images, directory, keep_stages)


def run_program(
    program: Path,
    generated: Generated,
    images: NDArray[np.int8],
    directory: Path,
    keep_stages: bool = False,
) -> Execution:
    """Runs a compiled runner on images [n, H, W, C].

    Raises MismatchError if it fails, or if what it writes is not what a runner of this model and
    plan writes: `msfcnn run` is told which program to run.
    """
    source, outputs, stages = (directory / f for f in ("images.bin", "outputs.bin", "stages.bin"))
    source.write_bytes(np.ascontiguousarray(images).tobytes())
    command = [str(program), str(source), str(outputs), *([str(stages)] if keep_stages else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        complaint = done.stderr.strip()[:LARGEST_COMPLAINT] or f"exit code {done.returncode}"
        if done.returncode == 3:
            complaint = "it wrote outside its arena"
        raise MismatchError(Problem("generated code", f"does not run cleanly: {complaint}"))
    model = generated.model
    ports = [port.tensor for port in model.outputs]
    written = _stage_tensors(generated) if keep_stages else []
    try:
        facts = json.loads(done.stdout.splitlines()[-1])
        return Execution(
            tuple(_split(outputs, model, ports, len(images))),
            _complete(generated, _split(stages, model, written, len(images))),
            float(facts["seconds"]),
            int(facts["arena_untouched"]),
        )
    except (LookupError, OSError, TypeError, ValueError):
        what = "does not answer as a program of this model and plan does"
        hint = "build it again, with the same model and options"
        raise MismatchError(Problem(program.name, what, hint)) from None


def _stage_tensors(generated: Generated) -> list[int]:
    """The tensor that each stage writes for the next, in the order of the runner's file."""
    network = generated.schedule.network
    return [network.original(stage.edge.output) for stage in generated.schedule.stages]


def _complete(
    generated: Generated, values: Sequence[NDArray[np.int8]]
) -> dict[int, NDArray[np.int8]]:
    """By tensor; a concatenation may be written in several stages, of which the last counts."""
    if not values:
        return {}
    complete = [stage.edge.completes for stage in generated.schedule.stages]
    written = zip(_stage_tensors(generated), values, complete, strict=True)
    return {tensor: v for tensor, v, whole in written if whole}


def _split(file: Path, model: Model, tensors: Sequence[int], count: int) -> list[NDArray[np.int8]]:
    """Tensors as written one behind the other, image by image."""
    if not tensors:
        return []
    sizes = [model.tensors[t].size for t in tensors]
    values = np.fromfile(file, dtype=np.int8).reshape(count, sum(sizes))
    ends = np.cumsum(sizes)
    return [
        values[:, end - size : end].reshape(count, *model.tensors[t].shape)
        for t, size, end in zip(tensors, sizes, ends, strict=True)
    ]
