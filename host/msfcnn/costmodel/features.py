"""What kernels and the engine around them do, as numbers that instructions are linear in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from numpy.typing import NDArray

Number: TypeAlias = float | NDArray[Any]
"""One, or one for each of several calls."""

BLOCK = 4  # taps and outputs that kernels take together

# Of a call of a kernel, in the order of `Work.features`.
FEATURES = (
    *("call", "channel", "pixel", "output", "input byte", "tap", "position", "pair left"),
    *("single pixel", "single output", "single tap"),
    *("clamped pixel", "clamped channel", "clamped output"),
    *("odd taps pixel", "odd taps byte", "odd outputs pixel", "odd outputs single"),
)


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a kernel does for every output pixel.

    kernel:    name of the C function.
    channels:  outputs.
    positions: pixels it looks at.
    taps:      of an output.
    inputs:    bytes that it gathers or expands.
    clamped:   whether its outputs are clamped to less than int8.
    shape:     such as "3x3 s1", where a kernel has code of its own for some shapes; or nothing.
    pairs:     whether two pixels are computed at a time.
    """

    kernel: str
    channels: int
    positions: int
    taps: int
    inputs: int
    clamped: bool
    shape: str
    pairs: bool

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of its coefficients, the best first."""
        return (f"{self.kernel} {self.shape}", self.kernel) if self.shape else (self.kernel,)

    def features(self, pixels: int | NDArray[Any]) -> tuple[Number, ...]:
        """FEATURES of a call that computes so many pixels; two and four at a time share loads."""
        single = pixels % 2 if self.pairs else pixels
        outputs = pixels * self.channels
        odd_taps, odd_outputs = self.taps % BLOCK > 0, self.channels % BLOCK > 0
        return (
            1,
            self.channels,
            pixels,
            outputs,
            pixels * self.inputs,
            outputs * self.taps,
            pixels * self.positions,
            pixels % 4 // 2 * self.channels,
            single,
            single * self.channels,
            single * self.channels * self.taps,
            self.clamped * pixels,
            self.clamped * self.channels,
            self.clamped * outputs,
            odd_taps * pixels,
            odd_taps * pixels * self.inputs,
            odd_outputs * pixels,
            odd_outputs * single,
        )


@dataclass(frozen=True, kw_only=True)
class EngineCall:
    """What the engine does around a call of a kernel.

    kind:   how the op reads: "run", "pair", "window", "global" or "load".
    inner:  whether it reads a window of the stage, not a whole tensor.
    lines:  of the kernel.
    saves:  pixels saved for every output pixel; 0 where windows hold all lines.
    planar: whether the window is.
    inputs: channels of its input.
    """

    kind: str
    inner: bool
    lines: int = 1
    saves: int = 0
    planar: bool = False
    inputs: int = 0

    def features(self, pixels: Number) -> Mapping[str, Number]:
        """Of a call for so many pixels."""
        place = f"{self.kind} inner" if self.inner else self.kind
        found: dict[str, Number] = {place: 1}
        if self.kind == "window":
            found[f"{place} line"] = self.lines
        if self.kind == "load":
            found["load byte"] = pixels * self.inputs
        if self.saves:
            found["save"] = 1
            found["save byte"] = self.saves * pixels * self.inputs
            if self.planar:
                found["save plane"] = self.inputs
        return found


def copy_features(channels: int, planar: bool) -> Mapping[str, float]:
    """Of a pixel that is kept for the next band, comes from the last one, or waits for a sum."""
    return {"copy": 1, "copy planar byte" if planar else "copy byte": channels}
