"""Armv6-M (Cortex-M0, M0+)."""

from msfcnn.isa.family import Isa, cortex_m

NAME = "armv6-m"

ISA = Isa(
    name=NAME,
    core="cortex-m0",
    machines=(
        cortex_m(
            "qemu-cortex-m0",
            "Cortex-M0+ code on a Cortex-M4",
            "mps2-an386",
            NAME,
            "cortex-m0",
            ("-mcpu=cortex-m0plus",),
        ),
    ),
)
