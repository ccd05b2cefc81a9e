"""Xtensa (ESP8266, ESP32); what Debian has is the compiler and the emulator of an LX106."""

from fractions import Fraction

from msfcnn.isa.family import CLOCK, Isa, Machine, linked

NAME = "xtensa"

ISA = Isa(
    name=NAME,
    core="xtensa",
    machines=(
        Machine(
            name="qemu-xtensa",
            description="Xtensa LX106",
            compiler=("xtensa-lx106-elf-gcc", "-mlongcalls", "-mtext-section-literals"),
            link=linked("sim.ld", "-nostdlib", "-lgcc"),
            sources=("xtensa.c", "lx106.c", "xtensa_rom.c"),
            emulator=(
                *("qemu-system-xtensa", "-M", "sim", "-cpu", "lx106"),
                *("-icount", CLOCK.format(4), "-semihosting"),
            ),
            isa=NAME,
            core="xtensa",
            # 16 ns an instruction, a clock of 40 MHz and 32 bits: it lasts for a whole stage
            ticks=Fraction(16, 25),
            packages=("apt install gcc-xtensa-lx106", "apt install qemu-system-misc"),
        ),
    ),
)
