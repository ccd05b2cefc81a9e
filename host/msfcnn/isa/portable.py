"""C11 for any processor, and this computer to try it on.

Every kernel family has a portable kernel, with which all others must agree to the byte. Estimates
take the counts of RV32 where no core is named.
"""

from msfcnn.isa.family import Isa, Machine

NAME = "generic"

ISA = Isa(
    name=NAME,
    core="rv32",
    machines=(
        Machine(
            name="host",
            description="this computer, in nanoseconds",
            compiler=("cc",),
            sources=("host.c",),
            isa=NAME,
            core="host",
            packages=("apt install gcc",),
        ),
    ),
)
