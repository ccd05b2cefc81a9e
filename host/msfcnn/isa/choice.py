"""The kernels of a call on an instruction set."""

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import iter_modules

from msfcnn.ir import Call, Model, Op
from msfcnn.isa.family import Isa
from msfcnn.isa.kernel import Choice, Kernel, aligned, both


def choose(model: Model, op: Op, call: Call, isa: str) -> Choice:
    """The kernels of a call; what an instruction set cannot do exactly stays portable."""
    portable = Kernel(
        name=f"msfcnn_{call.family}", scratch=aligned(op.scratch(model)), each=op.pixel_scratch
    )
    own = ISAS[isa].kernels.get(call.family)
    return both(portable) if own is None else own(model, op, portable)


def _families() -> dict[str, Isa]:
    """Those of all modules beside this one that have an ISA."""
    package = str(__package__)
    names = [f"{package}.{m.name}" for m in iter_modules(sys.modules[package].__path__)]
    modules = [import_module(name) for name in names if name != __name__]
    found = [module.ISA for module in modules if hasattr(module, "ISA")]
    return {isa.name: isa for isa in sorted(found, key=lambda isa: isa.name)}


ISAS = _families()
