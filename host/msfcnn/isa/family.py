"""A processor family: its cores, what it has kernels of its own for, and how it is emulated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from msfcnn.ir import Model
from msfcnn.isa.kernel import Choice, Kernel

# From a model, an op and its portable kernel to the kernels of the family.
Chooser = Callable[[Model, Any, Kernel], Choice]

# virtual time passes with instructions only: sleep=on would let it wait for the real one
CLOCK = "shift={},sleep=off"
CLOCKS = {"mps2": 25, "mps3": 20, "iotkit": 20}  # MHz, by linker script of Arm's boards
LOOP = 2  # instructions of a turn of the calibration loop
SEMIHOSTING = ("-semihosting-config", "enable=on,target=native")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A processor with everything that runs a program on it.

    compiler, emulator: commands; an empty emulator means this computer.
    sources:   of the port, in toolchain/bare/.
    isa:       the family whose kernels suit it best.
    core:      its name in the cost model; empty if it is not estimated.
    ticks:     of its clock per instruction or cycle; None for a clock that counts nanoseconds.
    counts:    what that clock counts: "instructions" or "cycles".
    turn:      how many of them a turn of the calibration loop takes: two instructions, of which
               the second one jumps.
    rtl:       the core whose RTL is simulated, by what makes the simulator, `emulator`; or empty.
    model:     the cycle model that counts (`msfcnn.cyclemodel`); empty where nothing is modelled.
    packages:  how to get compiler and emulator.
    """

    name: str
    description: str
    compiler: tuple[str, ...]
    link: tuple[str, ...] = ()
    sources: tuple[str, ...]
    emulator: tuple[str, ...] = ()
    isa: str
    core: str = ""
    ticks: Fraction | None = None
    counts: str = "instructions"
    turn: int = LOOP
    rtl: str = ""
    model: str = ""
    packages: tuple[str, ...]

    @property
    def unit(self) -> str:
        """What a measurement counts."""
        return self.counts if self.ticks else "ns"

    @property
    def programs(self) -> tuple[str, ...]:
        """What it runs on this computer, in the order of `packages`."""
        host = ("cc",) if self.model else ()  # for the emulator's plugin
        return (self.compiler[0], *self.emulator[:1], *host)

    @property
    def processor(self) -> str | None:
        """Whose cycles it counts, by a name of the cost model; None where it counts none."""
        return self.rtl or self.model or None

    @property
    def binutils(self) -> str:
        """Prefix of the compiler's companions, such as arm-none-eabi-."""
        return self.compiler[0].removesuffix("gcc") if self.emulator else ""


@dataclass(frozen=True, kw_only=True)
class Isa:
    """An instruction set that code is generated for.

    name:     as `--isa` and MSFCNN_ISA say it, and the folder of its kernels in the engine's src.
    core:     whose cost data are used where no core is named.
    kernels:  by kernel family, how its own kernels are chosen; what is missing is portable.
    replaced: families whose portable kernels it never falls back to.
    flags:    what the engine's files are compiled with.
    machines: processors of it that `msfcnn bench` can measure on.
    """

    name: str
    core: str
    kernels: Mapping[str, Chooser] = field(default_factory=dict)
    replaced: frozenset[str] = frozenset()
    flags: tuple[str, ...] = ()
    machines: tuple[Machine, ...] = ()


# beside kernels for most calls the portable convolutions are built small rather than fast
FALLBACK = ("-DMSFCNN_FALLBACK=1",)


def linked(script: str, *options: str) -> tuple[str, ...]:
    """Options of the linker for a bare-metal program."""
    return ("-nostartfiles", *options, "-T", script, "-Wl,--gc-sections")


def cortex_m(
    name: str,
    description: str,
    board: str,
    isa: str,
    core: str,
    flags: tuple[str, ...],
    memory: str | None = None,
) -> Machine:
    """A Cortex-M of one of QEMU's MPS2 and MPS3 boards.

    memory: the linker script, where it is not the one of the board's family.
    """
    # 128 ns an instruction, a clock of 25 or 20 MHz: more than one tick each, so that none is lost
    family = memory or board.partition("-")[0]
    return Machine(
        name=name,
        description=description,
        compiler=("arm-none-eabi-gcc", "-mthumb", *flags),
        link=linked(f"{family}.ld", "--specs=nano.specs", "-Wl,--no-warn-rwx-segments"),
        sources=("cortexm.c", "mps_clock.c", "semihosting.c"),
        emulator=("qemu-system-arm", "-M", board, "-icount", CLOCK.format(7), *SEMIHOSTING),
        isa=isa,
        core=core,
        ticks=Fraction(128 * CLOCKS[family], 1000),
        packages=(
            "apt install gcc-arm-none-eabi libnewlib-arm-none-eabi",
            "apt install qemu-system-arm",
        ),
    )


def modelled(machine: Machine, name: str, model: str, turn: int) -> Machine:
    """The machine, counting the cycles of a model; `turn`: those of the calibration loop."""
    at = machine.emulator.index("-icount")
    return replace(
        machine,
        name=name,
        description=f"{machine.description}, cycles by a model",
        sources=tuple("file_clock.c" if s.endswith("_clock.c") else s for s in machine.sources),
        emulator=(*machine.emulator[:at], *machine.emulator[at + 2 :]),
        ticks=Fraction(1),
        counts="cycles",
        turn=turn,
        model=model,
        packages=(*machine.packages, "apt install gcc"),
    )
