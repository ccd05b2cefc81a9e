"""Compilers and emulators: how C code is built for a processor and run.

`native` is this computer, with a `cache` of objects; `compiling`, `running`, `counting` and
`simulator` are the machines of `isa`, without RIOT. Programs for boards are built by `firmware`.
"""

from msfcnn.toolchain.compiling import CodeSize, ProgramCompiler
from msfcnn.toolchain.machines import find_machine, missing
from msfcnn.toolchain.native import (
    RUNNER,
    SANITIZERS,
    build_engine,
    build_runner,
    compile_c,
    compiler,
)
from msfcnn.toolchain.running import ProgramRun, run

__all__ = [
    "RUNNER",
    "SANITIZERS",
    "CodeSize",
    "ProgramCompiler",
    "ProgramRun",
    "build_engine",
    "build_runner",
    "compile_c",
    "compiler",
    "find_machine",
    "missing",
    "run",
]
