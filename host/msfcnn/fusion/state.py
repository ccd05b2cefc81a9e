"""What a stage that grows backwards is told, and what is known of it on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from msfcnn.fusion.items import Array
from msfcnn.fusion.options import DEFAULT_RUN
from msfcnn.fusion.price import Currency, Place, Price
from msfcnn.fusion.step import Step
from msfcnn.fusion.steps import Network
from msfcnn.fusion.waiting import Waiting
from msfcnn.fusion.windows import Delay, Way

SUM_BYTES = 4  # of the accumulator that a global average keeps per channel


@dataclass(frozen=True)
class Terms:
    """What options are charged for, and how their stages run.

    price:  of pieces of a stage, in the currency.
    floors: for every step what no plan pays less for.
    run, tight, lean: as in Option, one entry per variant.
    op_runs: by step, runs of ops that have longer ones in every variant.
    """

    currency: Currency
    price: Price
    floors: tuple[int, ...]
    run: tuple[int, ...] = (DEFAULT_RUN,)
    tight: tuple[bool, ...] = (True,)
    lean: tuple[bool, ...] = (False,)
    op_runs: Mapping[int, int] = field(default_factory=dict)
    _lines: dict[tuple[int, Place, int], Array] = field(
        init=False, default_factory=dict, compare=False
    )

    def lines(self, i: int, step: Step, place: Place, split: int) -> Array:
        """Price of n consecutive pixels of a line of step i: [variants, pixels + 1]."""
        known = self._lines.get((i, place, split))
        if known is None:
            places = [replace(place, lean=lean) for lean in self.lean]
            runs = (self.op_runs.get(i, run) for run in self.run)
            ways = zip(places, runs, strict=True)
            known = np.stack([self.price.line(step, where, run, split) for where, run in ways])
            self._lines[i, place, split] = known
        return known


@dataclass(frozen=True)
class Sweep:
    """How stages that end before step `end` run.

    columns: lines are columns. band: pixels of a line of the output that a band has.
    split:   output channels of a pass; 0 for all at once.
    """

    network: Network
    end: int
    columns: bool
    band: int
    split: int = 0

    def extents(self, shape: tuple[int, int, int]) -> tuple[int, int]:
        """Lines and pixels."""
        return (shape[1], shape[0]) if self.columns else (shape[0], shape[1])

    def channels(self, tensor_channels: int) -> int:
        """Of an inner tensor, in a pass."""
        return min(self.split, tensor_channels) if self.split else tensor_channels


@dataclass(frozen=True)
class Demand:
    """What is asked of a tensor: [states, bands] first pixel, [bands] end, lines.

    low:  differs between states, because a kept halo need not be computed again.
    high: does not: every band must be computed to the same end, whatever is kept.
    used: lines that any reader reads; those behind are never computed.
    whole: whether those who read the last of these lines ask for all of it in every band. Others
           are completed before the next one begins, but nobody else completes the last.
    """

    low: Array
    high: Array
    used: int
    whole: bool

    @property
    def done(self) -> Array:
        """[bands + 1] the end of what the bands before have computed."""
        return np.concatenate([[0], self.high])


@dataclass(frozen=True)
class FirstWindow:
    """The window that fills while the first op reads: slots [variants], bytes of a line, saved."""

    tensor: int
    slots: Array
    line: int
    save: Array


@dataclass(frozen=True)
class Closed:
    """What is known of an inner tensor once its last writer is met; for `cost`.

    second: which items have the last of the ways. shared: whether that can be a shared run.
    halo:   [states] pixels of a line that are kept; None for none.
    copied: [states] pixels that are kept or replayed, in all.
    """

    ways: tuple[Way, ...]
    second: NDArray[np.bool_]
    shared: bool
    channels: int
    used: int
    halo: Array | None
    copied: Array | None
    late: Delay | None


@dataclass
class KnownWaits:
    """What stages with other ends have found out, too: sweeps in one direction only."""

    waits: dict[tuple[int, int], Waiting] = field(default_factory=dict)
    delays: dict[tuple[int, bool], Delay | None] = field(default_factory=dict)


Keep = Callable[[int], bool | None]
"""Whether the halo of a tensor is kept; None for both."""
