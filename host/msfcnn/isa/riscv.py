"""RISC-V of 32 bits, without vector or packed instructions.

The portable kernels run here; their inner loops are assembly (src/dot_rv32.S), as compilers spill
registers in tiles of three pixels.
"""

from dataclasses import replace
from fractions import Fraction

from msfcnn.isa.family import CLOCK, SEMIHOSTING, Isa, Machine, linked, modelled

NAME = "rv32"

_QEMU = Machine(
    name="qemu-rv32",
    description="RV32IMAC",
    compiler=(
        "riscv64-unknown-elf-gcc",
        "--specs=picolibc.specs",
        "-march=rv32imac",
        "-mabi=ilp32",
    ),
    link=linked("virt.ld", "-Wl,--no-warn-rwx-segments"),
    sources=("riscv.c", "minstret_clock.c", "semihosting.c"),
    emulator=(
        *("qemu-system-riscv32", "-M", "virt", "-m", "64M", "-bios", "none"),
        *("-icount", CLOCK.format(0), *SEMIHOSTING),
    ),
    isa=NAME,
    core="rv32",
    ticks=Fraction(1),
    packages=(
        "apt install gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
        "apt install qemu-system-misc",
    ),
)

_ZBB = replace(
    _QEMU,
    name="qemu-rv32-zbb",
    description="RV32IMAC with Zba, Zbb and Zbs, as Hazard3 (RP2350) has them",
    compiler=tuple(w.replace("rv32imac", "rv32imac_zba_zbb_zbs") for w in _QEMU.compiler),
    link=("-march=rv32imac", *_QEMU.link),  # the C library has no directory for these options
    core="",
)

ISA = Isa(
    name=NAME,
    core="rv32",
    machines=(
        _QEMU,
        _ZBB,
        Machine(
            name="rtl-cv32e40p",
            description="RV32IMC, the RTL of CV32E40P simulated",
            compiler=(
                "riscv64-unknown-elf-gcc",
                "--specs=picolibc.specs",
                "-march=rv32imc",
                "-mabi=ilp32",
                "-DPORT_IO=0x10000000",
            ),
            link=linked("virt.ld", "-Wl,--no-warn-rwx-segments"),
            sources=("riscv.c", "mcycle_clock.c", "semihosting.c"),
            emulator=("verilator",),
            isa=NAME,
            core="rv32",
            ticks=Fraction(1),
            counts="cycles",
            turn=4,
            rtl="cv32e40p",
            packages=(
                "apt install gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
                "apt install verilator g++ make",
            ),
        ),
        modelled(_QEMU, "model-cv32e40p", "cv32e40p", turn=4),
        modelled(_QEMU, "model-fe310", "fe310", turn=2),
    ),
)
