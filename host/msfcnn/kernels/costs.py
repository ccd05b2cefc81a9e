"""Which measurements instructions are estimated with."""

from __future__ import annotations

from msfcnn.kernels.instructions import Coefficients
from msfcnn.kernels.measured import MEASURED


def coefficients_of(isa: str, machine: str | None = None) -> Coefficients:
    """Those of an instruction set, of a machine if that was measured; empty if none were."""
    found = [c for c in MEASURED if c.isa == isa]
    return next((c for c in found if c.machine == machine), found[0] if found else NOTHING)


NOTHING = Coefficients("", "", {}, {})
