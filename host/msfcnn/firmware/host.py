"""The program for this computer: generated code, engine and the runner, without RIOT."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from msfcnn.emit import config_flags, engine_limits
from msfcnn.errors import BoardError
from msfcnn.files import write_all
from msfcnn.firmware.tally import ENGINE, MODEL, Tally, tally
from msfcnn.pipeline import Generated
from msfcnn.toolchain import RUNNER, build_engine, compile_c

_FLAGS = ("-O2",)


def build_host(generated: Generated, name: str, directory: Path) -> tuple[Path, Tally | None]:
    """Compiles in `directory`; returns the program and its tally.

    name: of the model in C. Objects go into directories called as RIOT's modules are, by which
    `tally` tells engine, tables and weights apart.
    There is no tally without GNU ld and pyelftools. Raises BoardError if the compiler is missing
    or complains.
    """
    source, model, engine = directory / "gen", directory / f"{MODEL}{name}", directory / ENGINE
    write_all(source, generated.sources)
    model.mkdir(parents=True, exist_ok=True)
    # `build_engine` takes objects that are there already; these may be of older sources
    for stale in engine.glob("*.o"):
        stale.unlink()
    flags = [*_FLAGS, *config_flags(*engine_limits(generated.schedule))]
    objects = [*build_engine(engine, flags)]
    for stem in (name, f"{name}_weights"):
        objects.append(model / f"{stem}.o")
        compile_c([*flags, f"-I{source}", "-c", f"{source / stem}.c", "-o", str(objects[-1])])
    program = directory / "runner.elf"
    names = [f'-DRUNNER_HEADER="{name}.h"', f"-DRUNNER_MODEL={name}_model", f"-I{source}"]
    link = [*flags, *names, str(RUNNER), *map(str, objects), "-o", str(program)]
    try:
        compile_c([*link, f"-Wl,-Map,{program.with_suffix('.map')}"])
        size = tally(program, None, None)
    except (BoardError, ModuleNotFoundError):
        compile_c(link)
        return program, None
    return program, replace(size, arena=generated.layout.peak_ram)  # it is taken from the heap
