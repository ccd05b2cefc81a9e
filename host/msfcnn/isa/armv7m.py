"""Armv7-M without DSP instructions (Cortex-M3): portable C is all that runs there."""

from msfcnn.isa.family import Isa, cortex_m

NAME = "armv7-m"

ISA = Isa(
    name=NAME,
    core="cortex-m3",
    machines=(
        cortex_m(
            "qemu-cortex-m3",
            "Cortex-M3",
            "mps2-an385",
            NAME,
            "cortex-m3",
            ("-mcpu=cortex-m3",),
        ),
    ),
)
