"""The machines to measure on: how to compile for them, to run on them and to read their clock."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from fractions import Fraction

from msfcnn.errors import BoardError, Problem
from msfcnn.suggest import did_you_mean

_ARM = "apt install gcc-arm-none-eabi libnewlib-arm-none-eabi"
_RISCV = "apt install gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf"
_XTENSA = "apt install gcc-xtensa-lx106"
_QEMU_ARM = "apt install qemu-system-arm"
_QEMU_MISC = "apt install qemu-system-misc"
# virtual time passes with instructions only: sleep=on would let it wait for the real one
_CLOCK = "shift={},sleep=off"
_SEMIHOSTING = ("-semihosting-config", "enable=on,target=native")


@dataclass(frozen=True)
class Machine:
    """A processor with everything that runs a program on it.

    compiler, emulator: commands; an empty emulator means this computer.
    sources:   of the port, in bare/.
    isa:       the kernels that suit it best, where they exist.
    ticks:     of its clock per instruction; None for a clock that counts nanoseconds.
    packages:  how to get compiler and emulator.
    """

    name: str
    description: str
    compiler: tuple[str, ...]
    link: tuple[str, ...]
    sources: tuple[str, ...]
    emulator: tuple[str, ...]
    isa: str
    ticks: Fraction | None
    packages: tuple[str, ...]

    @property
    def unit(self) -> str:
        """What a measurement counts."""
        return "instructions" if self.ticks else "ns"

    @property
    def core(self) -> str:
        """Its name in the cost model."""
        return self.name.removeprefix("qemu-")

    @property
    def binutils(self) -> str:
        """Prefix of the compiler's companions, such as arm-none-eabi-."""
        return self.compiler[0].removesuffix("gcc") if self.emulator else ""

    def missing(self) -> list[Problem]:
        """The programs it needs and this computer lacks."""
        needed = [self.compiler[0], *self.emulator[:1]]
        return [
            Problem(self.name, f"{program} not found", package)
            for program, package in zip(needed, self.packages, strict=True)
            if not shutil.which(program)
        ]


def _link(script: str, *options: str) -> tuple[str, ...]:
    return ("-nostartfiles", *options, "-T", script, "-Wl,--gc-sections")


def _cortex_m(name: str, description: str, board: str, isa: str, *flags: str) -> Machine:
    # 128 ns an instruction, a clock of 25 MHz: more than one tick each, so that none is lost
    return Machine(
        name,
        description,
        ("arm-none-eabi-gcc", "-mthumb", *flags),
        _link("mps2.ld", "--specs=nano.specs", "-Wl,--no-warn-rwx-segments"),
        ("cortexm.c", "semihosting.c"),
        ("qemu-system-arm", "-M", board, "-icount", _CLOCK.format(7), *_SEMIHOSTING),
        isa,
        Fraction(128, 40),
        (_ARM, _QEMU_ARM),
    )


MACHINES = (
    _cortex_m(
        "qemu-cortex-m4",
        "Cortex-M4F",
        "mps2-an386",
        "armv7e-m",
        *("-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    ),
    _cortex_m(
        "qemu-cortex-m7",
        "Cortex-M7F",
        "mps2-an500",
        "armv7e-m",
        *("-mcpu=cortex-m7", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
    ),
    _cortex_m(
        "qemu-cortex-m0",
        "Cortex-M0+ code on a Cortex-M4",
        "mps2-an386",
        "generic",
        "-mcpu=cortex-m0plus",
    ),
    Machine(
        "qemu-rv32",
        "RV32IMAC",
        (
            "riscv64-unknown-elf-gcc",
            "--specs=picolibc.specs",
            "-march=rv32imac",
            "-mabi=ilp32",
        ),
        _link("virt.ld", "-Wl,--no-warn-rwx-segments"),
        ("riscv.c", "semihosting.c"),
        (
            *("qemu-system-riscv32", "-M", "virt", "-m", "64M", "-bios", "none"),
            *("-icount", _CLOCK.format(0), *_SEMIHOSTING),
        ),
        "generic",
        Fraction(1),
        (_RISCV, _QEMU_MISC),
    ),
    Machine(
        "qemu-xtensa",
        "Xtensa LX106",
        ("xtensa-lx106-elf-gcc", "-mlongcalls", "-mtext-section-literals"),
        _link("sim.ld", "-nostdlib", "-lgcc"),
        ("xtensa.c", "xtensa_rom.c"),
        (
            *("qemu-system-xtensa", "-M", "sim", "-cpu", "lx106"),
            *("-icount", _CLOCK.format(4), "-semihosting"),
        ),
        "generic",
        # 16 ns an instruction, a clock of 40 MHz and 32 bits: it is to last for a whole stage
        Fraction(16, 25),
        (_XTENSA, _QEMU_MISC),
    ),
    Machine(
        "host",
        "this computer, in nanoseconds",
        ("cc",),
        (),
        ("host.c",),
        (),
        "generic",
        None,
        ("apt install gcc",),
    ),
)


def find_machine(name: str) -> Machine:
    """The machine of that name, with all its programs at hand. Raises BoardError."""
    for machine in MACHINES:
        if machine.name == name:
            problems = machine.missing()
            if problems:
                raise BoardError(*problems)
            return machine
    names = [machine.name for machine in MACHINES]
    hint = f"{did_you_mean(name, names)} there are: {', '.join(names)}".strip()
    raise BoardError(Problem("board", f"cannot measure on '{name}'", hint))
