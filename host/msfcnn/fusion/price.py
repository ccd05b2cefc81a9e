"""What a plan is charged for: MACs, or estimated instructions.

A price is a sum over the steps of a stage, the lines of a step and the bands of a line: what it
costs to compute so many consecutive pixels of a line. It is an integer, so that sums are exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from msfcnn.costmodel import Coefficients, EngineCall, Work, copy_features
from msfcnn.fusion.step import Step
from msfcnn.ir import Reads
from msfcnn.isa import Kernel

Array = NDArray[np.int64]
Floats = NDArray[np.float64]


class Currency(Enum):
    """What is minimized or bounded beside RAM."""

    MACS = "MACs"
    INSTRUCTIONS = "instructions"


@dataclass(frozen=True)
class Place:
    """Where a step stands in its stage, and the window it reads there.

    inner:   not first: it reads a window.
    planar, tight: its window is; see `fusion.cost.Window`.
    columns: lines are columns.
    lean:    kernels do with the least scratch.
    """

    inner: bool = False
    planar: bool = False
    tight: bool = False
    columns: bool = False
    lean: bool = False


FIRST = Place()


class Price(Protocol):
    """Prices of pieces of a stage."""

    def line(self, step: Step, place: Place, run: int, split: int = 0) -> Array:
        """Of n consecutive pixels of a line, n = 0 .. the longest; with a split in all passes."""

    def copy(self, channels: int, planar: bool) -> int:
        """Of a pixel that is kept from band to band, or taken from there."""


class MacPrice:
    """Multiply-accumulates."""

    def line(self, step: Step, place: Place, run: int, split: int = 0) -> Array:
        """See Price."""
        del place, run, split
        return np.arange(_longest(step) + 1, dtype=np.int64) * step.macs_per_pixel

    def copy(self, channels: int, planar: bool) -> int:
        """See Price."""
        del channels, planar
        return 0


@dataclass(frozen=True)
class InstructionPrice:
    """Estimated instructions."""

    coefficients: Coefficients
    _known: dict[tuple[object, ...], Array] = field(default_factory=dict, compare=False)

    def line(self, step: Step, place: Place, run: int, split: int = 0) -> Array:
        """See Price."""
        key = (step.op, step.part, step.family, place, run, split)
        if key not in self._known:
            self._known[key] = self._of_a_kind(step, place, run, split)
        return self._known[key]

    def _of_a_kind(self, step: Step, place: Place, run: int, split: int) -> Array:
        """Steps that do the same have the same price: repeated blocks are priced once."""
        channels = min(split or step.target[2], step.target[2])
        its = None if step.loads else work(step, place, channels)
        key = (its, call(step, place, channels), step.source[:2], step.target, place, run, split)
        if key not in self._known:
            self._known[key] = self._line(step, place, run, split)
        return self._known[key]

    def copy(self, channels: int, planar: bool) -> int:
        """See Price."""
        return round(float(self.coefficients.around(copy_features(channels, planar))))

    def _line(self, step: Step, place: Place, run: int, split: int) -> Array:
        """Instructions of 0, 1, 2... pixels of a line: whole runs, then the rest."""
        channels = min(split or step.target[2], step.target[2])
        passes = -(-step.target[2] // channels)
        if step.reads is Reads.GLOBAL:
            whole = self._global(step, place, run, channels)
            return np.array([0, *[passes * round(whole)] * _longest(step)], dtype=np.int64)
        # rounded only here, per line: sums of whole numbers do not depend on their order
        calls = np.zeros(run + 1)
        calls[1:] = self._calls(step, place, np.arange(1, run + 1), channels)
        n = np.arange(_longest(step) + 1)
        whole = np.rint(n // run * calls[run] + calls[n % run])
        table: Array = passes * whole.astype(np.int64)
        return table

    def _global(self, step: Step, place: Place, run: int, channels: int) -> float:
        """All of its input, as it arrives; a whole tensor is read line by line."""
        lines, pixels = step.source[1::-1] if place.columns else step.source[:2]
        run = min(run, pixels) if place.inner else pixels
        full, rest = divmod(pixels, run)
        total = full * self.call(step, place, run, channels)
        return lines * (total + (self.call(step, place, rest, channels) if rest else 0))

    def call(self, step: Step, place: Place, pixels: int, channels: int) -> float:
        """Instructions of a kernel call for so many pixels, the engine's share included."""
        return float(self._calls(step, place, np.array([pixels]), channels)[0])

    def _calls(self, step: Step, place: Place, pixels: Array, channels: int) -> Floats:
        """Likewise of several calls."""
        its = None if step.loads else work(step, place, channels)
        kernel = self.coefficients.kernel(its, pixels) if its else 0.0
        around = self.coefficients.around(call(step, place, channels).features(pixels))
        return np.zeros(len(pixels)) + kernel + around


def kernel_at(step: Step, inner: bool, planar: bool) -> Kernel:
    """The kernel of a step; those for planar lines need a window that is planar."""
    fast = inner and (planar or not step.call.planar)
    return step.kernels.inner if fast else step.kernels.first


def work(step: Step, place: Place, channels: int) -> Work:
    """What a step's kernel does for a pixel; `channels` are those of a pass."""
    kernel = kernel_at(step, place.inner, place.planar)
    rows, columns, depth = step.rows, step.columns, step.call.depth
    positions = rows.kernel * columns.kernel
    taps = positions * depth
    channelwise = depth == 1 and step.multiplier == 1
    return Work(
        kernel=kernel.name,
        channels=channels,
        positions=positions,
        taps=taps,
        inputs=taps * (channels if channelwise else 1),
        clamped=step.clamps,
        # kernels for planar lines have code of their own for some shapes
        shape=f"{rows.kernel}x{columns.kernel} s{rows.stride}" if step.call.planar else "",
        pairs=kernel.pairs and not (place.lean and kernel.leans),
    )


def call(step: Step, place: Place, channels: int) -> EngineCall:
    """What the engine does around a call; `channels` are those of a pass."""
    return EngineCall(
        kind="pair" if step.y is not None else step.reads.value,
        inner=place.inner,
        lines=step.rows.kernel,
        saves=step.columns.stride if place.tight else 0,
        planar=place.planar,
        inputs=min(channels, step.source[2]) if place.planar else step.source[2],
    )


def _longest(step: Step) -> int:
    """Pixels of the longest line: a row, or a column where columns are swept."""
    return max(step.target[:2])
