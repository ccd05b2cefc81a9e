"""The engine compiles cleanly everywhere, and needs neither float, libm nor malloc."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from msfcnn.toolchain.native import engine_directory, engine_sources

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
    prefix: str = ""  # of the binutils that read its objects
    headers: str = ""  # directory of the C library, where the compiler does not know it

    @property
    def missing(self) -> str:
        """What this machine lacks of it; empty if nothing."""
        programs = (self.command[0], f"{self.prefix}nm")
        absent = [program for program in programs if not shutil.which(program)]
        absent += [self.headers] if self.headers and not Path(self.headers).is_dir() else []
        return ", ".join(absent)


ARM = "gcc-arm-none-eabi libnewlib-arm-none-eabi"
RISCV = "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf"
ARM_GCC = ("arm-none-eabi-gcc", "-mthumb")
RISCV_PREFIX = "riscv64-unknown-elf-"
RISCV_GCC = ("riscv64-unknown-elf-gcc", "--specs=picolibc.specs", "-mabi=ilp32")
ARM_CLANG_HEADERS = "/usr/lib/arm-none-eabi/include"
RISCV_CLANG_HEADERS = "/usr/lib/picolibc/riscv64-unknown-elf/include"
RISCV_CLANG = ("clang", "--target=riscv32-none-elf", "-mabi=ilp32")


def arm_gcc(name: str, *flags: str) -> Target:
    return Target(name, (*ARM_GCC, *flags), ARM, "arm-none-eabi-")


def arm_clang(name: str, architecture: str, cpu: str) -> Target:
    command = ("clang", f"--target={architecture}-none-eabi", f"-mcpu={cpu}", "-mthumb", "-Os")
    return Target(name, command, f"clang {ARM}", "arm-none-eabi-", ARM_CLANG_HEADERS)


def riot_clang(name: str, cpu: str) -> Target:
    """As RIOT's TOOLCHAIN=llvm has it: clang finds GCC's own headers before its own."""
    command = ("clang", "--target=arm-none-eabi", f"-mcpu={cpu}", "-mthumb", "-Os", "-nostdinc")
    gcc = shutil.which(ARM_GCC[0])
    if gcc:
        for own in ("include", "include-fixed"):
            ask = [gcc, f"-print-file-name={own}"]
            found = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
            command += ("-isystem", found)
    return Target(name, command, f"clang {ARM}", "arm-none-eabi-", ARM_CLANG_HEADERS)


TARGETS = (
    # position-independent code keeps a table of constant pointers in .data
    Target("x86-64 gcc", ("gcc", "-O2", "-fno-pie"), "gcc"),
    Target("x86-64 clang", ("clang", "-O2", "-fno-pie"), "clang"),
    arm_gcc("cortex-m0", "-mcpu=cortex-m0", "-Os"),
    arm_gcc("cortex-m4", "-mcpu=cortex-m4", "-Os"),
    arm_gcc("cortex-m7", "-mcpu=cortex-m7", "-Os"),
    arm_gcc("cortex-m4 FPU", "-mcpu=cortex-m4", "-mfloat-abi=hard", "-O3"),
    arm_clang("cortex-m0 clang", "armv6m", "cortex-m0"),
    arm_clang("cortex-m4 clang", "armv7em", "cortex-m4"),
    arm_clang("cortex-m7 clang", "armv7em", "cortex-m7"),
    riot_clang("cortex-m0 clang with GCC's headers", "cortex-m0"),
    riot_clang("cortex-m4 clang with GCC's headers", "cortex-m4"),
    Target("rv32imac", (*RISCV_GCC, "-march=rv32imac", "-Os"), RISCV, RISCV_PREFIX),
    Target(
        "rv32imac clang",
        (*RISCV_CLANG, "-march=rv32imac", "-Os"),
        f"clang {RISCV}",
        RISCV_PREFIX,
        RISCV_CLANG_HEADERS,
    ),
)


@pytest.fixture(scope="module", params=TARGETS, ids=lambda target: target.name)
def objects(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Target, list[Path]]:
    """The engine's objects for a target; skips by name if its compiler is missing."""
    target: Target = request.param
    if target.missing:
        pytest.skip(f"{target.missing} not found: apt install {target.package}")
    assert engine_sources()
    directory = tmp_path_factory.mktemp("objects")
    paths = []
    for source in engine_sources():
        path = directory / f"{source.stem}.o"
        command = [*target.command, *WARNINGS, f"-I{engine_directory() / 'include'}"]
        command += ["-isystem", target.headers] if target.headers else []
        done = subprocess.run(
            [*command, "-c", str(source), "-o", str(path)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        paths.append(path)
    return target, paths


def test_compiles_cleanly_and_needs_nothing(objects: tuple[Target, list[Path]]) -> None:
    target, paths = objects
    nm = f"{target.prefix}nm"
    for path in paths:
        listing = subprocess.run([nm, "-u", path], capture_output=True, text=True, check=True)
        needed = [line.split()[-1] for line in listing.stdout.splitlines() if line.strip()]
        assert [n for n in needed if not ALLOWED.fullmatch(n)] == [], path.stem


def test_has_no_variables(objects: tuple[Target, list[Path]]) -> None:
    target, paths = objects
    nm = f"{target.prefix}nm"
    listing = subprocess.run([nm, *paths], capture_output=True, text=True, check=True)
    assert re.findall(r" [bBdDC] \S+", listing.stdout) == []


def test_has_no_float_instruction(objects: tuple[Target, list[Path]]) -> None:
    target, paths = objects
    if not target.prefix:
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


HELIUM = ("-mcpu=cortex-m55", "-mfloat-abi=hard", "-Os")


@pytest.mark.parametrize(
    "target",
    [
        arm_gcc("cortex-m55", *HELIUM),
        Target(
            "cortex-m55 clang",
            ("clang", "--target=armv8.1m.main-none-eabi", "-mthumb", *HELIUM),
            f"clang {ARM}",
            "arm-none-eabi-",
            ARM_CLANG_HEADERS,
        ),
        arm_gcc("cortex-m4", "-mcpu=cortex-m4", "-Os"),
    ],
    ids=lambda target: target.name,
)
def test_helium_kernels_compile_cleanly(target: Target, tmp_path: Path) -> None:
    """Where there is no Helium, nothing is left of them."""
    if target.missing:
        pytest.skip(f"{target.missing} not found: apt install {target.package}")
    own = [s for s in engine_sources("armv8.1-m.mve") if s.parent.name == "armv8.1-m.mve"]
    assert own
    needed: set[str] = set()
    defined: set[str] = set()
    for source in own:
        path = tmp_path / f"{source.name}.o"
        command = [*target.command, *WARNINGS, f"-I{engine_directory() / 'include'}"]
        command += ["-isystem", target.headers] if target.headers else []
        done = subprocess.run(
            [*command, "-c", str(source), "-o", str(path)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        listing = subprocess.run(
            [f"{target.prefix}nm", path], capture_output=True, text=True, check=True
        ).stdout
        needed |= set(re.findall(r" U (\S+)", listing))
        defined |= set(re.findall(r" T (\S+)", listing))
        assert re.findall(r" [bBdDC] \S+", listing) == []
    assert [n for n in needed if not ALLOWED.fullmatch(n)] == []
    assert ("msfcnn_conv_mve" in defined) == ("m55" in target.name)
    assert defined == set() or "m55" in target.name
