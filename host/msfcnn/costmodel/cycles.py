"""Cycles an instruction on a processor: counted on the same code as the instructions, by kernel.

A JSON file for each processor, written by tools/measure_cycles.py:

{"name": ..., "kind": "cycle model" or "RTL", "basis": ..., "provenance": {...},
 "overall": cycles per instruction, "engine": ..., "kernels": {C function: ...}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from msfcnn.costmodel.coefficients import Coefficients

ASSUMED_RATIO = 1.5  # a guess that nobody has measured


@dataclass(frozen=True, kw_only=True)
class Cycles:
    """Cycles per instruction of a processor, without wait states of its memories.

    kind:    "RTL" (simulated), "cycle model" (by the processor's manual) or "assumed".
    basis:   what they rest on, in words.
    overall: of whole networks.
    engine:  of the code around the kernels.
    kernels: by C function; of others it is `overall`.
    """

    name: str
    kind: str
    basis: str
    overall: float
    engine: float
    kernels: Mapping[str, float]

    def applied(self, instructions: Coefficients) -> Coefficients:
        """Coefficients that estimate cycles where those given estimate instructions."""
        return replace(
            instructions,
            kernels={
                key: tuple(value * self._ratio(key) for value in values)
                for key, values in instructions.kernels.items()
            },
            engine={key: value * self.engine for key, value in instructions.engine.items()},
        )

    def _ratio(self, key: str) -> float:
        kernel, _, _ = key.partition(" ")  # a shape may follow
        return self.kernels.get(kernel, self.overall)


ASSUMED = Cycles(
    name="",
    kind="assumed",
    basis=f"{ASSUMED_RATIO:g} cycles an instruction",
    overall=ASSUMED_RATIO,
    engine=ASSUMED_RATIO,
    kernels={},
)


@cache
def known_cycles() -> Mapping[str, Cycles]:
    """Those of all processors that were counted, by name."""
    folder = files("msfcnn.costmodel") / "processors"
    found = sorted((f for f in folder.iterdir() if f.name.endswith(".json")), key=lambda f: f.name)
    read = [_from_data(json.loads(f.read_text(encoding="utf-8"))) for f in found]
    return {cycles.name: cycles for cycles in read}


def cycles_of(name: str | None) -> Cycles:
    """Those of a processor; assumed ones where no processor is named."""
    return ASSUMED if name is None else known_cycles()[name]


def _from_data(data: Mapping[str, Any]) -> Cycles:
    return Cycles(
        name=data["name"],
        kind=data["kind"],
        basis=data["basis"],
        overall=data["overall"],
        engine=data["engine"],
        kernels=data["kernels"],
    )
