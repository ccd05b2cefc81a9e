"""Which measurements instructions are estimated with."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from msfcnn.costmodel.instructions import Coefficients
from msfcnn.costmodel.measured import MEASURED

CORES = ("cortex-m4", "cortex-m0", "rv32", "xtensa")
NOTHING = Coefficients("", "", {}, {})
_PORTABLE = "generic"


@cache
def coefficients_of(isa: str, core: str | None = None) -> Coefficients:
    """Those of an instruction set, of a core if that was measured; empty if none were.

    Kernels that an instruction set does not have are the portable ones.
    """
    found = [c for c in MEASURED if c.isa == isa]
    chosen = next((c for c in found if c.core == core), found[0] if found else NOTHING)
    portable = next((c for c in MEASURED if (c.isa, c.core) == (_PORTABLE, chosen.core)), NOTHING)
    return replace(chosen, kernels={**portable.kernels, **chosen.kernels})
