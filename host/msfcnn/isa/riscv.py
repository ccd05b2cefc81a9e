"""RISC-V of 32 bits, without vector or packed instructions.

The portable kernels run here; their inner loops are assembly (src/dot_rv32.S), as compilers spill
registers in tiles of three pixels.
"""

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

ISA = Isa(
    name=NAME,
    core="rv32",
    machines=(
        _QEMU,
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
