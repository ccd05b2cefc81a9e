"""Scratch of the kernels, and the shared runs beside it.

A shared run is read at once, so while a kernel computes there are two of them at most: what it
reads and what it writes. Runs that follow each other lie at the two ends of their common bytes, by
turns, counted from the last: one that no other run follows is at the upper end. Scratch begins
where the bytes begin. It ends below the runs that its own kernel touches, and may lie on all
others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from msfcnn.fusion.items import Array
from msfcnn.isa import Kernel

_ALIGN = 4  # of the sums of global averages


@dataclass(frozen=True)
class Scratch:
    """What the kernels of a stage need.

    Arrays are [variants].

    run, lean: of the variants.
    most:  bytes of scratch of any kernel. low: of those that touch a run at the lower end.
    upper: most bytes of scratch and a run at the upper end together.
    runs:  by step that can write one: bytes of its pixel, and whether it is at the lower end.
    """

    run: tuple[int, ...]
    lean: tuple[bool, ...]
    most: Array
    low: Array
    upper: Array
    runs: dict[int, tuple[int, bool]] = field(default_factory=dict)

    def with_run(self, writer: int, reader: int, channels: int) -> Scratch:
        """A step can write a shared run, which another one reads."""
        # stages grow backwards: the run behind is known, and this one takes the other end
        lower = reader in self.runs and not self.runs[reader][1]
        return replace(self, runs={**self.runs, writer: (channels, lower)})

    def with_kernel(self, kernels: Iterable[Kernel], *steps: int) -> Scratch:
        """One of these is the kernel of a step; the runs it touches are what these steps write."""
        found = _most_scratch(frozenset(kernels), self.run, self.lean)
        touched = [self.runs[k] for k in steps if k in self.runs]
        lower = any(low for _, low in touched)
        upper = self.upper
        for channels in (channels for channels, low in touched if not low):
            upper = np.maximum(upper, found + channels * np.array(self.run))
        return Scratch(
            run=self.run,
            lean=self.lean,
            most=np.maximum(self.most, found),
            low=np.maximum(self.low, found) if lower else self.low,
            upper=upper,
            runs=self.runs,
        )

    def shared(self, runs: Array, variant: Array, sums: int) -> Array:
        """Bytes of scratch and runs together, by item; runs: those of the runs alone.

        With sums behind them they are rounded up, unless nothing is shared.
        """
        # three conditions: scratch below the runs that its kernel touches, at either end, and room
        # for the largest scratch; never more than scratch and runs behind each other
        most = self.most[variant]
        together = np.maximum(runs + self.low[variant], most)
        together = np.maximum(together, np.where(runs > 0, self.upper[variant], 0))
        if sums:
            together = -(-together // _ALIGN) * _ALIGN
        found: Array = np.minimum(runs + most, together)
        return found

    def lower(self) -> frozenset[int]:
        """Steps whose runs are at the lower end."""
        return frozenset(k for k, (_, lower) in self.runs.items() if lower)


@cache
def _most_scratch(
    kernels: frozenset[Kernel], run: tuple[int, ...], lean: tuple[bool, ...]
) -> Array:
    """Bytes of scratch of any of these kernels, [variants]."""
    ways = list(zip(run, lean, strict=True))
    return np.array([max(k.scratch_for(*way) for k in kernels) for way in ways], np.int64)


def no_scratch(run: tuple[int, ...], lean: tuple[bool, ...]) -> Scratch:
    """Of no kernel yet."""
    none = np.zeros(len(run), np.int64)
    return Scratch(run=run, lean=lean, most=none, low=none, upper=none)
