"""The measurements: a JSON file for each instruction set and core, written by tools/fit_costs.py.

{"isa": ..., "core": ..., "provenance": {"compiler", "emulator", "commit", "date"},
 "kernels": {key: {feature: instructions}}, "engine": {feature: instructions}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from msfcnn.costmodel.coefficients import FREE, Coefficients
from msfcnn.costmodel.features import FEATURES

PORTABLE = "generic"


@cache
def coefficients_of(isa: str, *cores: str) -> Coefficients:
    """Those of an instruction set on the first of some cores that was measured.

    Kernels that an instruction set has not of its own are the portable ones, on the same core.
    """
    known = {(c.isa, c.core): c for c in measured()}
    core = next(c for c in cores if (isa, c) in known or (PORTABLE, c) in known)
    found = [known[i, core] for i in (PORTABLE, isa) if (i, core) in known]
    kernels = {key: values for c in found for key, values in c.kernels.items()}
    return Coefficients(isa=isa, core=core, kernels=kernels, engine=found[-1].engine)


@cache
def measured() -> tuple[Coefficients, ...]:
    """All measurements."""
    folder = files("msfcnn.costmodel") / "measured"
    found = sorted((f for f in folder.iterdir() if f.name.endswith(".json")), key=lambda f: f.name)
    return tuple(from_data(json.loads(f.read_text(encoding="utf-8"))) for f in found)


def cores() -> tuple[str, ...]:
    """The cores that were measured."""
    return tuple(dict.fromkeys(c.core for c in measured()))


def from_data(data: Mapping[str, Any]) -> Coefficients:
    """Coefficients from what a file holds."""
    return Coefficients(
        isa=data["isa"],
        core=data["core"],
        kernels={
            key: tuple(float(named.get(name, 0.0)) for name in FEATURES)
            for key, named in data["kernels"].items()
        },
        engine=data["engine"],
    )


def to_data(found: Coefficients, provenance: Mapping[str, str]) -> Mapping[str, Any]:
    """What a file holds; features that cost nothing are left out."""
    return {
        "isa": found.isa,
        "core": found.core,
        "provenance": dict(provenance),
        "kernels": {
            key: {name: v for name, v in zip(FEATURES, values, strict=True) if v}
            for key, values in sorted(found.kernels.items())
        },
        "engine": dict(sorted(found.engine.items())),
    }


__all__ = ["FREE", "coefficients_of", "cores", "from_data", "measured", "to_data"]
