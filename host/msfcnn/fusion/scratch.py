"""Scratch of the kernels, and the shared runs beside it.

A shared run is read at once, so while a kernel computes there are two of them at most: what it
reads and what it writes. Runs that follow each other lie at the two ends of their common bytes, by
turns, counted from the last: one that no other run follows is at the upper end. Scratch begins
where the bytes begin. It ends below the runs that its own kernel touches, and may lie on all
others.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from msfcnn.fusion.items import Array

_ALIGN = 4  # of the sums of global averages


@dataclass(frozen=True)
class Scratch:
    """What the kernels of a stage need.

    run:   pixels of the variants.
    most:  bytes of scratch of any kernel. low: of those that touch a run at the lower end.
    upper: [variants] most bytes of scratch and a run at the upper end together.
    runs:  by step that can write one: bytes of its pixel, and whether it is at the lower end.
    """

    run: Array
    most: int = 0
    low: int = 0
    upper: Array | None = None
    runs: dict[int, tuple[int, bool]] = field(default_factory=dict)

    def with_run(self, writer: int, reader: int, channels: int) -> Scratch:
        """A step can write a shared run, which another one reads."""
        lower = reader in self.runs and not self.runs[reader][1]
        return replace(self, runs={**self.runs, writer: (channels, lower)})

    def with_kernel(self, size: int, *steps: int) -> Scratch:
        """The kernel of a step; the runs that it touches are those that these steps write."""
        touched = [self.runs[k] for k in steps if k in self.runs]
        upper = [size + channels * self.run for channels, lower in touched if not lower]
        if self.upper is not None:
            upper.append(self.upper)
        return replace(
            self,
            most=max(self.most, size),
            low=max(self.low, size if any(lower for _, lower in touched) else 0),
            upper=np.max(upper, axis=0) if upper else None,
        )

    def shared(self, runs: Array, variant: Array, sums: int) -> Array:
        """Bytes of scratch and runs together, by item; runs: those of the runs alone.

        With sums behind them they are rounded up, unless nothing is shared.
        """
        apart = runs + self.most
        together = np.maximum(runs + self.low, self.most)
        if self.upper is not None:
            together = np.maximum(together, np.where(runs > 0, self.upper[variant], 0))
        if sums:
            together = -(-together // _ALIGN) * _ALIGN
        found: Array = np.minimum(apart, together)
        return found

    def lower(self) -> frozenset[int]:
        """Steps whose runs are at the lower end."""
        return frozenset(k for k, (_, lower) in self.runs.items() if lower)
