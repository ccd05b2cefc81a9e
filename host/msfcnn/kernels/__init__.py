"""Which kernel of which instruction set runs an op, and what it wants: scratch RAM, constants."""

from msfcnn.kernels.choice import ISAS, Choice, Kernel, choose

__all__ = ["ISAS", "Choice", "Kernel", "choose"]
