"""The engine compiles cleanly everywhere, and needs neither float, libm nor malloc."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from msfcnn.verify.toolchain import engine_directory, engine_sources

WARNINGS = (
    *("-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wcast-align"),
    *("-Wstrict-prototypes", "-Wold-style-definition", "-Werror"),
)

# all an engine object may leave to the linker: copies, and integer helpers of the compiler
ALLOWED = re.compile(
    r"msfcnn_\w+|mem(set|cpy|move)|__aeabi_(mem\w+|lmul|[ul]*idiv(mod)?|[ul]+divmod|l[al]s[lr])|"
    r"__u?divdi3|__u?divsi3|__umodsi3|__muldi3|__ashrdi3|__ashldi3|__lshrdi3|"
    r"__gnu_thumb1_case_\w+|_GLOBAL_OFFSET_TABLE_"
)


@dataclass(frozen=True)
class Target:
    """A compiler with the flags of a processor."""

    name: str
    command: tuple[str, ...]
    package: str

    @property
    def prefix(self) -> str:
        return self.command[0].removesuffix("gcc").removesuffix("clang")


ARM = "gcc-arm-none-eabi libnewlib-arm-none-eabi"
RISCV = "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf"
ARM_GCC = ("arm-none-eabi-gcc", "-mthumb")
RISCV_GCC = ("riscv64-unknown-elf-gcc", "--specs=picolibc.specs", "-mabi=ilp32")
TARGETS = (
    # position-independent code keeps a table of constant pointers in .data
    Target("x86-64 gcc", ("gcc", "-O2", "-fno-pie"), "gcc"),
    Target("x86-64 clang", ("clang", "-O2", "-fno-pie"), "clang"),
    Target("cortex-m0", (*ARM_GCC, "-mcpu=cortex-m0", "-Os"), ARM),
    Target("cortex-m4", (*ARM_GCC, "-mcpu=cortex-m4", "-Os"), ARM),
    Target("cortex-m7", (*ARM_GCC, "-mcpu=cortex-m7", "-Os"), ARM),
    Target("cortex-m4 FPU", (*ARM_GCC, "-mcpu=cortex-m4", "-mfloat-abi=hard", "-O3"), ARM),
    Target("rv32imac", (*RISCV_GCC, "-march=rv32imac", "-Os"), RISCV),
)


@pytest.fixture(params=TARGETS, ids=lambda target: target.name)
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Target, list[Path]]:
    """The engine's objects for a target; skips by name if its compiler is missing."""
    target: Target = request.param
    if not shutil.which(target.command[0]):
        pytest.skip(f"{target.command[0]} not found: apt install {target.package}")
    assert engine_sources()
    paths = []
    for source in engine_sources():
        path = tmp_path / f"{source.stem}.o"
        command = [*target.command, *WARNINGS, f"-I{engine_directory() / 'include'}"]
        done = subprocess.run(
            [*command, "-c", str(source), "-o", str(path)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        paths.append(path)
    return target, paths


def test_compiles_cleanly_and_needs_nothing(objects: tuple[Target, list[Path]]) -> None:
    target, paths = objects
    nm = shutil.which(f"{target.prefix}nm") or "nm"
    for path in paths:
        listing = subprocess.run([nm, "-u", path], capture_output=True, text=True, check=True)
        needed = [line.split()[-1] for line in listing.stdout.splitlines() if line.strip()]
        assert [n for n in needed if not ALLOWED.fullmatch(n)] == [], path.stem


def test_has_no_variables(objects: tuple[Target, list[Path]]) -> None:
    target, paths = objects
    nm = shutil.which(f"{target.prefix}nm") or "nm"
    listing = subprocess.run([nm, *paths], capture_output=True, text=True, check=True)
    assert re.findall(r" [bBdDC] \S+", listing.stdout) == []


def test_has_no_float_instruction(objects: tuple[Target, list[Path]]) -> None:
    target, paths = objects
    if target.command[0] in ("gcc", "clang"):
        # SSE moves integers too: on x86 the source is what can be searched
        words = re.compile(r"\b(float|double)\b")
        texts = [re.sub(r"/\*.*?\*/", "", s.read_text(), flags=re.S) for s in engine_sources()]
        assert [words.findall(text) for text in texts if words.search(text)] == []
        return
    objdump = f"{target.prefix}objdump"
    listing = subprocess.run([objdump, "-d", *paths], capture_output=True, text=True, check=True)
    instructions = re.findall(r"^\s+[0-9a-f]+:\t[0-9a-f ]+\t(\S+)", listing.stdout, flags=re.M)
    assert len(instructions) > 300
    assert [i for i in instructions if re.match(r"v[a-z]|f(add|sub|mul|div|cvt|ld|sd|mv)", i)] == []
