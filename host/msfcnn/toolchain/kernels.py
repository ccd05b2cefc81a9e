"""The kernels of the engine, read from the list that its header is made of.

kernels.def is the only list of them; nothing of it is repeated in Python.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from msfcnn.isa import GENERIC, ISAS
from msfcnn.toolchain.native import engine_directory

_ENTRY = re.compile(r"^MSFCNN_KERNEL\((\w+), (\w+), ([\w.-]+)\)$", re.MULTILINE)


@dataclass(frozen=True)
class ListedKernel:
    """A line of kernels.def: the C function, its kernel family and its instruction set."""

    name: str
    family: str
    isa: str


def listed_kernels() -> tuple[ListedKernel, ...]:
    """All kernels, in the order of the list."""
    text = (engine_directory() / "include" / "msfcnn" / "kernels.def").read_text(encoding="utf-8")
    return tuple(
        ListedKernel(f"msfcnn_{n}", family, isa) for n, family, isa in _ENTRY.findall(text)
    )


def kernels_of(isa: str) -> frozenset[str]:
    """Those that code for an instruction set may name: its own, and those it falls back to."""
    replaced = ISAS[isa].replaced
    return frozenset(
        k.name
        for k in listed_kernels()
        if k.isa == isa or (k.isa == GENERIC and k.family not in replaced)
    )
