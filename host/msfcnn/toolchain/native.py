"""The system's C compiler, and the engine's sources."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msfcnn.errors import BoardError, Problem
from msfcnn.isa import ISAS
from msfcnn.resources import ROOT
from msfcnn.toolchain.cache import cached

SANITIZERS = (
    "-O1",
    "-g",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    "-fno-omit-frame-pointer",
)
WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Werror")
RUNNER = Path(__file__).with_name("runner.c")


def engine_directory() -> Path:
    """The RIOT package, which holds the engine."""
    return ROOT / "riot_pkg" / "msfcnn"


def engine_sources(isa: str = "generic") -> tuple[Path, ...]:
    """The engine's files, portable kernels included, then those of an instruction set."""
    source = engine_directory() / "src"
    return (*_sources(source), *_sources(source / isa))


def _sources(directory: Path) -> list[Path]:
    """C and assembly files of one directory, those below it left out: they are of other isas."""
    return sorted(p for p in directory.glob("*") if p.suffix in (".c", ".S"))


def engine_flags(isa: str) -> tuple[str, ...]:
    """What the engine's files are compiled with for an instruction set."""
    return ISAS[isa].flags


def compiler() -> tuple[str, ...]:
    """The C compiler as a command: $CC, or the first of cc, gcc, clang. Raises BoardError."""
    named = shlex.split(os.environ.get("CC", ""))
    for command in [named] if named else [["cc"], ["gcc"], ["clang"]]:
        if shutil.which(command[0]):
            return tuple(command)
    wanted = named[0] if named else "cc, gcc or clang"
    raise BoardError(
        Problem("C compiler", f"{wanted} not found", "install one (Debian: apt install gcc)")
    )


def build_engine(directory: Path, flags: Sequence[str]) -> tuple[Path, ...]:
    """The engine's objects, compiled unless they are there or in the cache. Raises BoardError.

    Objects in `directory` are taken as they are: it has to be one of these very flags.
    """
    directory.mkdir(parents=True, exist_ok=True)
    headers = sorted(engine_directory().rglob("*.[hS]")) + sorted(engine_directory().rglob("*.def"))
    command = compile_command(flags)

    def build(source: Path) -> Path:
        target = directory / f"{source.stem}.o"
        if not target.exists():
            cached(
                source,
                target,
                command,
                headers,
                lambda fresh: compile_c([*flags, "-c", str(source), "-o", str(fresh)]),
            )
        return target

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return tuple(pool.map(build, engine_sources()))


def build_runner(
    directory: Path, name: str, program: Path, flags: Sequence[str], engine: Sequence[Path]
) -> None:
    """Compiles NAME.c and NAME_weights.c in `directory` with the runner, links the engine.

    Raises BoardError with the compiler's first complaint if that fails.
    """
    sources = [directory / f"{name}.c", directory / f"{name}_weights.c", RUNNER]
    names = [f'-DRUNNER_HEADER="{name}.h"', f"-DRUNNER_MODEL={name}_model"]
    names += [f"-DRUNNER_ARENA_SIZE={name.upper()}_ARENA_SIZE"]
    compile_c(
        [*flags, *names, f"-I{directory}", *map(str, [*sources, *engine]), "-o", str(program)]
    )


def compile_command(arguments: Sequence[str]) -> list[str]:
    """The compiler with the engine's headers, warnings being errors. Raises BoardError."""
    return [*compiler(), *WARNINGS, f"-I{engine_directory() / 'include'}", *arguments]


def compile_c(arguments: Sequence[str]) -> None:
    """Runs the compiler. Raises BoardError with its first complaint."""
    command = compile_command(arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error" in line] or [done.stderr]
        raise BoardError(
            Problem(command[0], f"cannot compile the generated code: {lines[0].strip()}")
        )
