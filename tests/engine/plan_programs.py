"""Runs many plans of a network in one program: compiling is what takes the time."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from engine_build import KERNEL_LINES, LIMITS
from numpy.typing import NDArray

from msfcnn.emit import EmitOptions, emit, engine_limits
from msfcnn.emit.sources import Sources
from msfcnn.ir import Model
from msfcnn.layout import layout
from msfcnn.schedule import Schedule
from msfcnn.toolchain.native import SANITIZERS, build_engine, compile_c

RUNNER = Path(__file__).with_name("plans_runner.c")
FLAGS = (*SANITIZERS, *LIMITS)
IMAGES = 2

Change = Callable[[Sources], Sources]


class CrashError(Exception):
    """The program stopped, with the words of the sanitizer or of the runner."""


@dataclass(frozen=True, eq=False)
class PlanRun:
    """What became of a plan.

    tensors, outputs: int8 [image, H, W, C] of what is whole in the arena at the end of a stage
                      (by tensor), and of each network output.
    peak:             bytes of arena as laid out, and `announced` in the header.
    untouched:        (begin, end) of the bytes that were never written.
    """

    schedule: Schedule
    tensors: dict[int, NDArray[np.int8]]
    outputs: list[NDArray[np.int8]]
    peak: int
    announced: int
    untouched: list[tuple[int, int]]

    @property
    def end(self) -> int:
        """The end of the highest byte that was written."""
        last = self.untouched[-1] if self.untouched else (0, 0)
        return last[0] if last[1] == self.announced else self.announced


def run_plans(
    model: Model,
    schedules: Sequence[Schedule],
    images: NDArray[np.int8],
    directory: Path,
    engine: Path,
    change: Change = lambda sources: sources,
) -> list[PlanRun]:
    """Compiles all of them with sanitizers and runs them on two images. Raises CrashError."""
    layouts = [layout(s) for s in schedules]
    sources = [
        change(emit(model, s, placed, EmitOptions(f"p{i}", "test")))
        for i, (s, placed) in enumerate(zip(schedules, layouts, strict=True))
    ]
    program = _compiled(sources, directory, engine, _limits(schedules))
    results = _run(program, images, directory)
    values = np.fromfile(directory / "results.bin", dtype=np.int8)
    runs, at = [], 0
    for i, (s, placed) in enumerate(zip(schedules, layouts, strict=True)):
        stages = [stage.edge.output for stage in s.stages]
        written = [*stages, *(port.tensor for port in model.outputs)]
        sizes = [model.tensors[s.network.original(t)].size for t in written]
        block = values[at : at + IMAGES * sum(sizes)].reshape(IMAGES, sum(sizes))
        at += IMAGES * sum(sizes)
        parts = np.split(block, np.cumsum(sizes)[:-1], axis=1)
        written_by = zip((stage.edge for stage in s.stages), parts, strict=False)
        tensors = {e.output: part for e, part in written_by if e.completes}
        size = re.search(rf"define P{i}_ARENA_SIZE\s+(\d+)", sources[i][f"p{i}.h"])
        assert size is not None
        outputs = parts[len(stages) :]
        runs.append(PlanRun(s, tensors, outputs, placed.peak_ram, int(size[1]), results[i]))
    assert at == len(values)
    return runs


def check_bytes(model: Model, run: PlanRun, expected: Sequence[NDArray[np.int8]]) -> None:
    """Everything that was seen equals the reference, byte by byte."""
    seen = list(run.tensors.items())
    seen += zip((port.tensor for port in model.outputs), run.outputs, strict=True)
    for written, values in seen:
        tensor = run.schedule.network.original(written)
        wanted = expected[tensor].reshape(values.shape)
        assert np.array_equal(values, wanted), (
            f"{model.tensors[tensor].name} of {describe(run.schedule)}"
        )


def describe(schedule: Schedule) -> str:
    """The stages of a plan, for a complaint."""
    stages = [(s.edge.first, s.edge.last, s.option) for s in schedule.stages]
    return f"{schedule.network.mode}: {stages}"


def _limits(schedules: Sequence[Schedule]) -> tuple[str, ...]:
    """Flags for kernels of more lines than those of the usual tests."""
    lines = max(engine_limits(s)[1] for s in schedules)
    return (f"-DCONFIG_MSFCNN_KERNEL_LINES={lines}",) if lines > KERNEL_LINES else ()


def _compiled(
    sources: Sequence[Sources], directory: Path, engine: Path, limits: Sequence[str]
) -> Path:
    flags = (*FLAGS, *(f"-U{limit[2:].split('=')[0]}" for limit in limits), *limits)
    objects = build_engine(directory / "engine" if limits else engine, flags)
    parts = []
    for i, files in enumerate(sources):
        (directory / f"p{i}.h").write_text(files[f"p{i}.h"])
        parts += [files[f"p{i}_weights.c"], _alone(files[f"p{i}.c"], f"p{i}")]
    count = range(len(sources))
    parts += [
        "extern const msfcnn_model_t *const plans[];",
        "extern const size_t arena_sizes[], n_plans;",
        f"const msfcnn_model_t *const plans[] = {{ {', '.join(f'&p{i}_model' for i in count)} }};",
        f"const size_t arena_sizes[] = {{ {', '.join(f'P{i}_ARENA_SIZE' for i in count)} }};",
        f"const size_t n_plans = {len(sources)};",
    ]
    (directory / "plans.c").write_text("\n".join(parts))
    program = directory / "plans"
    files = [str(f) for f in (directory / "plans.c", RUNNER, *objects)]
    compile_c([*flags, f"-I{directory}", *files, "-o", str(program)])
    return program


def _alone(text: str, prefix: str) -> str:
    """Tables whose static names are their own, so that several can stand in one file."""
    names = re.findall(r"^static const \w+ (_\w+)", text, flags=re.M)
    return re.sub(rf"\b({'|'.join(map(re.escape, names))})\b", rf"_{prefix}\1", text)


def _run(program: Path, images: NDArray[np.int8], directory: Path) -> list[list[tuple[int, int]]]:
    """Begin and end of never-written bytes, of each plan."""
    (directory / "images.bin").write_bytes(np.ascontiguousarray(images[:IMAGES]).tobytes())
    command = [str(program), str(directory / "images.bin"), str(directory / "results.bin")]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise CrashError(done.stderr[:2000])
    lines = [[int(word) for word in line.split()] for line in done.stdout.splitlines()]
    return [list(zip(line[::2], line[1::2], strict=True)) for line in lines]
