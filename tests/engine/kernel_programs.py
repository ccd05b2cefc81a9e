"""Compiles the driver with cases, runs it on a machine and reads the results."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from kernel_cases import KernelCase, source_of

import msfcnn.toolchain
from msfcnn.isa import Machine
from msfcnn.toolchain.cache import cached
from msfcnn.toolchain.native import engine_directory, engine_sources

DRIVER = Path(__file__).with_name("kernel_driver.c")
PORT = Path(msfcnn.toolchain.__file__).with_name("bare")
VERDICTS = ("equal", "different", "written outside", "too large for the driver")
ENGINE = ("engine", "sweep", "band", "compute", "window")  # what calls kernels
FLAGS = (
    *("-std=gnu11", "-Wall", "-Wextra", "-Werror", "-ffunction-sections", "-fdata-sections"),
    "-fno-tree-loop-distribute-patterns",  # or a memset() of the port calls itself
)


@dataclass(frozen=True)
class Results:
    """What became of the cases: complaints, and the instructions of each (0 if not counted)."""

    complaints: list[str]
    instructions: list[int]


def kernel_sources(isa: str) -> list[Path]:
    """The kernels without the engine around them."""
    return [f for f in engine_sources(isa) if f.stem not in ENGINE]


def run_cases(
    machine: Machine,
    cases: Sequence[KernelCase],
    rng: np.random.Generator,
    directory: Path,
    flags: Sequence[str] = ("-O3",),
    linked: Sequence[str] = (),
) -> Results:
    """Runs cases on a machine; the program is kept in `directory`.

    linked: further files and options of the linker.
    """
    directory.mkdir(parents=True, exist_ok=True)
    source_of(cases, rng).write(directory / "cases.inc")
    program = directory / "driver"
    compiler = _compiler(machine, flags)
    objects = _objects(machine, compiler, directory)
    _call([
        *compiler, f"-L{PORT}", f"-I{directory}", str(DRIVER), *map(str, objects),
        *linked, *machine.link, "-o", str(program),
    ])  # fmt: skip
    emulator = [*machine.emulator, "-display", "none", "-monitor", "none", "-serial", "none"]
    (directory / "results").write_bytes(b"")  # one of the emulators creates no files
    command = [*emulator, "-kernel", str(program)] if machine.emulator else [str(program)]
    _call(command, directory)
    results = np.fromfile(directory / "results", dtype="<i4").reshape(-1, 4)
    assert len(results) == len(cases)
    complaints = [
        f"{case.kernel} {case.note}: {VERDICTS[verdict]}, byte {offset} is {found}"
        for case, (verdict, offset, found, _) in zip(cases, results.tolist(), strict=True)
        if verdict
    ]
    ticks = machine.ticks
    counts = [round(int(v) / ticks) if ticks else 0 for v in results[:, 3]]
    return Results(complaints, counts)


def _compiler(machine: Machine, flags: Sequence[str]) -> list[str]:
    """The compiler with the headers of the engine and of the machine's port."""
    own = PORT / machine.sources[0].removesuffix(".c")
    include = [engine_directory() / "include", PORT, *([own] if own.is_dir() else [])]
    return [*machine.compiler, *FLAGS, *flags, *(f"-I{path}" for path in include)]


def _objects(machine: Machine, compiler: Sequence[str], directory: Path) -> list[Path]:
    """Kernels and port: the same for all cases, so that the cache of objects has most of them."""
    headers = [
        path
        for place in (engine_directory(), PORT)
        for path in sorted(place.rglob("*"))
        if path.suffix in (".h", ".S", ".def")
    ]
    objects = []
    for source in (*kernel_sources(machine.isa), *(PORT / file for file in machine.sources)):
        target = directory / f"{len(objects)}-{source.stem}.o"
        make = partial(_compile, [*compiler, "-c", str(source)])
        cached(source, target, compiler, headers, make)
        objects.append(target)
    return objects


def _compile(command: Sequence[str], target: Path) -> None:
    _call([*command, "-o", str(target)])


def _call(command: Sequence[str], directory: Path | None = None) -> None:
    done = subprocess.run(
        command, cwd=directory, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stdout + done.stderr
