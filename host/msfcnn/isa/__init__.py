"""Processor families: one module each, which says what it has kernels of its own for.

Every module is found by itself. `choose` says which kernels run a call, `ISAS` has the families by
name, `MACHINES` the processors that can be measured on.
"""

from msfcnn.isa.choice import ISAS, choose
from msfcnn.isa.family import Isa, Machine
from msfcnn.isa.kernel import Choice, Kernel, Words

GENERIC = "generic"
BLOCK = 4  # output channels that kernels compute together
# those with most kernels of their own first, this computer last
MACHINES = tuple(
    machine
    for isa in sorted(ISAS.values(), key=lambda isa: (isa.name == GENERIC, -len(isa.kernels)))
    for machine in isa.machines
)

__all__ = [
    "BLOCK",
    "GENERIC",
    "ISAS",
    "MACHINES",
    "Choice",
    "Isa",
    "Kernel",
    "Machine",
    "Words",
    "choose",
]
