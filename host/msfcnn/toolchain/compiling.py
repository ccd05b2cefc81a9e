"""Compiles the program that is measured; what has not changed is not compiled again.

An object is named after a digest of its source, all headers, the compiler and the flags, so
objects of several boards and options live side by side, and several processes may share the
directory.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from msfcnn.emit import config_flags, engine_limits
from msfcnn.errors import BoardError, Problem
from msfcnn.files import write_all
from msfcnn.isa import Machine
from msfcnn.pipeline import Generated
from msfcnn.toolchain.native import engine_directory, engine_flags, engine_sources
from msfcnn.toolchain.once import make_once

BARE = Path(__file__).with_name("bare")
LARGEST_COMPLAINT = 600  # characters of a compiler's words worth showing

_COMMON = ("-std=gnu11", "-Wall", "-Wextra", "-Werror", "-ffunction-sections", "-fdata-sections")
_COMPLAINT = re.compile("error:|overflow|undefined|cannot|section|unrecognized")
_CONTEXT = re.compile(r'#\s*include\s+"(msfcnn|sweep|window)\.h"')


@dataclass(frozen=True)
class CodeSize:
    """Bytes of code and constants of the engine's objects, by file; kernels know no context.

    All files of the engine, whether the model calls them or not: the linker would leave some out.
    """

    kernels: dict[str, int]
    rest: dict[str, int]

    @property
    def total(self) -> int:
        """All of the engine."""
        return sum(self.kernels.values()) + sum(self.rest.values())


@dataclass(frozen=True)
class Program:
    """Something to run, and how large the engine in it is."""

    path: Path
    size: CodeSize


class ProgramCompiler:
    """Compiles for one machine.

    directory: where objects are kept, named after all that goes into them.
    optimize:  the compiler's option for the engine, such as -O3.
    """

    def __init__(self, machine: Machine, isa: str, optimize: str, directory: Path) -> None:
        self._machine = machine
        self._isa = isa
        self._optimize = optimize
        self._directory = directory

    def program(self, generated: Generated, name: str) -> Program:
        """The program that measures a generated model. Raises BoardError."""
        sources = self._sources(generated)
        flags = config_flags(*engine_limits(generated.schedule))
        engine = self.engine(flags)
        code = self._model(sources, name, flags)
        upper = name.upper()
        defines = {
            "HEADER": f'"{name}.h"',
            "MODEL": f"{name}_model",
            "ARENA": f"{upper}_ARENA_SIZE",
            "IMAGE": str(generated.model.input_bytes),
            "STAGES": str(len(generated.schedule.stages)),
            "OPS": str(len(generated.schedule.network.steps)),
        }
        options = ("-O2", *flags, *(f"-DRUNNER_{key}={value}" for key, value in defines.items()))
        runner = self._object(BARE / "runner.c", options, (sources,))
        port = [self._object(BARE / file, ("-O2",), ()) for file in self._machine.sources]
        program = self._link([*engine.values(), *code, runner, *port])
        return Program(program, self._size(engine))

    def engine(self, flags: Sequence[str] = ()) -> dict[Path, Path]:
        """The engine's objects, by their sources. Raises BoardError."""
        options = (self._optimize, *engine_flags(self._isa), *flags)
        return {source: self._object(source, options, ()) for source in self._engine_sources}

    def model(self, generated: Generated, name: str) -> list[Path]:
        """The objects of a generated model: its tables and its weights. Raises BoardError."""
        flags = config_flags(*engine_limits(generated.schedule))
        return self._model(self._sources(generated), name, flags)

    def _sources(self, generated: Generated) -> Path:
        """Writes the generated files into a directory named after what they hold."""
        text = "\0".join(generated.sources.values())
        directory = self._directory / "gen" / hashlib.sha256(text.encode()).hexdigest()[:24]
        write_all(directory, generated.sources)
        return directory

    def _model(self, directory: Path, name: str, flags: Sequence[str]) -> list[Path]:
        """Objects of tables and weights; -O2 whatever the engine has, for they are data."""
        files = (directory / f"{name}.c", directory / f"{name}_weights.c")
        return [self._object(file, ("-O2", *flags), (directory,)) for file in files]

    @cached_property
    def _engine_sources(self) -> tuple[Path, ...]:
        return engine_sources(self._isa)

    @cached_property
    def _includes(self) -> tuple[Path, ...]:
        own = BARE / self._machine.sources[0].removesuffix(".c")
        engine = engine_directory()
        return (engine / "include", engine / "src", BARE, *([own] if own.is_dir() else []))

    @cached_property
    def _headers(self) -> bytes:
        """Digest of all headers but those of the model."""
        return b"".join(_digest(p) for d in self._includes for p in sorted(d.rglob("*.h")))

    def _object(self, source: Path, flags: Sequence[str], own: Sequence[Path]) -> Path:
        """Compiles a source unless the same command was run on the same text before."""
        includes = [f"-I{path}" for path in (*own, *self._includes)]
        command = [*self._machine.compiler, *_COMMON, *flags]
        headers = b"".join(_digest(p) for d in own for p in sorted(d.glob("*.h")))
        key = hashlib.sha256("\0".join(command).encode() + self._headers + headers)
        # names of headers are not in it: their contents are what counts
        key.update(_digest(source))
        target = self._directory / "obj" / f"{source.stem}-{key.hexdigest()[:24]}.o"
        self._make(target, [*command, *includes, "-c", str(source)])
        return target

    def _link(self, objects: Sequence[Path]) -> Path:
        """The program of some objects; their names say what they hold."""
        script = b"".join(_digest(p) for p in sorted(BARE.glob("*.ld")))
        names = "\0".join(
            [*self._machine.compiler, *self._machine.link, *(o.name for o in objects)]
        )
        key = hashlib.sha256(names.encode() + script).hexdigest()[:24]
        target = self._directory / "bin" / key
        words = [*self._machine.compiler, f"-L{BARE}", *map(str, objects), *self._machine.link]
        self._make(target, words)
        return target

    def _make(self, target: Path, command: Sequence[str]) -> None:
        """Runs a command that writes `target`, unless that is there."""
        make_once(target, lambda fresh: self._run([*command, "-o", str(fresh)]))

    def _run(self, command: Sequence[str]) -> None:
        """Runs compiler or linker. Raises BoardError with the first line of complaint."""
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            # the first line that says what is wrong; the rest mostly repeats it
            lines = [x for x in done.stderr.splitlines() if _COMPLAINT.search(x)]
            complaint = (lines or [done.stderr])[0].strip()[:LARGEST_COMPLAINT]
            raise BoardError(Problem(self._machine.name, f"{command[0]} fails: {complaint}"))

    def _size(self, engine: dict[Path, Path]) -> CodeSize:
        """Text and data of the engine's objects, used or not, by the `size` of the compiler."""
        command = [f"{self._machine.binutils}size", *map(str, engine.values())]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BoardError(Problem(self._machine.name, f"{command[0]} fails: {done.stderr}"))
        rows = [line.split() for line in done.stdout.splitlines()[1:]]
        sizes: tuple[dict[str, int], dict[str, int]] = {}, {}
        for source, row in zip(engine, rows, strict=True):
            of = sizes[bool(_CONTEXT.search(source.read_text()))]
            of[source.stem] = int(row[0]) + int(row[1])
        return CodeSize(*sizes)


def _digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()
