"""C11 for any processor, and this computer to try it on.

Every kernel family has a portable kernel, with which all others must agree to the byte. Estimates
take the counts of RV32 where no core is named.
"""

from msfcnn.ir import Model
from msfcnn.isa.family import Chooser, Isa, Machine
from msfcnn.isa.kernel import Choice, Kernel, aligned, both
from msfcnn.ops import Add, Conv

NAME = "generic"


def gathering(op: Conv) -> Choice:
    """The portable convolution for all shapes, where an instruction set has its own pointwise one.

    A pointwise layer that cannot be packed is too rare to spend code on.
    """
    return both(Kernel(name="msfcnn_conv", scratch=aligned(op.gathered), each=op.taps))


def without_ties(name: str) -> Chooser:
    """A kernel for sums that rounds ties up; sums with ties to even have the portable one."""

    def chosen(model: Model, op: Add, portable: Kernel) -> Choice:
        return both(portable if op.constants(model).even else Kernel(name=name))

    return chosen


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
