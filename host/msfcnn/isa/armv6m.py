"""Armv6-M (Cortex-M0, M0+).

The portable kernels run here, with inner loops in assembly (src/dot_v6m.S, depthwise_v6m.S):
most instructions reach eight registers only, which compilers cannot keep a tile in.
"""

from msfcnn.isa.family import Isa, cortex_m, modelled

NAME = "armv6-m"

_CORTEX_M0 = cortex_m(
    "qemu-cortex-m0",
    "Cortex-M0+ code on a Cortex-M4",
    "mps2-an386",
    NAME,
    "cortex-m0",
    ("-mcpu=cortex-m0plus",),
)

ISA = Isa(
    name=NAME,
    core="cortex-m0",
    machines=(
        _CORTEX_M0,
        modelled(_CORTEX_M0, "model-cortex-m0plus", "cortex-m0plus", turn=3),
        modelled(_CORTEX_M0, "model-cortex-m0", "cortex-m0", turn=4),
    ),
)
