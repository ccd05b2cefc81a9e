"""RISC-V of 32 bits, without vector or packed instructions.

The portable kernels run here; their inner loops are assembly (src/dot_rv32.S), as compilers spill
registers in tiles of three pixels.
"""

from fractions import Fraction

from msfcnn.isa.family import CLOCK, SEMIHOSTING, Isa, Machine, linked

NAME = "rv32"

ISA = Isa(
    name=NAME,
    core="rv32",
    machines=(
        Machine(
            name="qemu-rv32",
            description="RV32IMAC",
            compiler=(
                "riscv64-unknown-elf-gcc",
                "--specs=picolibc.specs",
                "-march=rv32imac",
                "-mabi=ilp32",
            ),
            link=linked("virt.ld", "-Wl,--no-warn-rwx-segments"),
            sources=("riscv.c", "semihosting.c"),
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
        ),
    ),
)
