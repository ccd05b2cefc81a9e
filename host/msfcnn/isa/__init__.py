"""Which kernel of which instruction set runs an op, and what it wants: scratch RAM, constants."""

from msfcnn.isa.choice import BLOCK, ISAS, Choice, Kernel, choose, names

__all__ = ["BLOCK", "ISAS", "Choice", "Kernel", "choose", "names"]
