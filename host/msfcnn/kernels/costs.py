"""Which measurements instructions are estimated with."""

from __future__ import annotations

from msfcnn.kernels.instructions import Coefficients
from msfcnn.kernels.measured import MEASURED

CORES = ("cortex-m4", "cortex-m0", "rv32", "xtensa")
NOTHING = Coefficients("", "", {}, {})


def coefficients_of(isa: str, core: str | None = None) -> Coefficients:
    """Those of an instruction set, of a core if that was measured; empty if none were."""
    found = [c for c in MEASURED if c.isa == isa]
    return next((c for c in found if c.core == core), found[0] if found else NOTHING)
