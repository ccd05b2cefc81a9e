"""Estimated instructions: what was measured, applied to features."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from msfcnn.costmodel.features import Number, Work
from msfcnn.errors import BoardError, Problem

Features = tuple[float, ...]
MEASURE = "python tools/fit_costs.py"


@dataclass(frozen=True, kw_only=True)
class Coefficients:
    """Instructions per feature.

    isa:     the kernels' instruction set. core: what they were counted on.
    kernels: by key of `Work`, in the order of FEATURES.
    engine:  by name of a feature.
    free:    everything costs nothing: for plans that are to be measured.
    """

    isa: str
    core: str
    kernels: Mapping[str, Features]
    engine: Mapping[str, float]
    free: bool = False

    def kernel(self, work: Work, pixels: int | NDArray[Any]) -> Number:
        """Instructions of calls of a kernel. Raises BoardError for one that nobody measured."""
        if self.free:
            return 0.0
        known = next((self.kernels[key] for key in work.keys if key in self.kernels), None)
        if known is None:
            raise BoardError(
                Problem(
                    work.kernel,
                    f"its instructions were never measured on {self.core} ({self.isa})",
                    f"measure them in a checkout: {MEASURE} --isa {self.isa} --only {work.kernel}",
                )
            )
        return dot(known, work.features(pixels))

    def around(self, features: Mapping[str, Number]) -> Number:
        """Instructions of the engine."""
        return total(self.engine.get(name, 0.0) * value for name, value in features.items())


FREE = Coefficients(isa="", core="", kernels={}, engine={}, free=True)


def dot(a: Iterable[float], b: Iterable[Number]) -> Number:
    """Scalar product."""
    return total(x * y for x, y in zip(a, b, strict=True))


def total(values: Iterable[Number]) -> Number:
    """Sum, in this order."""
    found: Number = 0.0
    for value in values:
        found = found + value
    return found
