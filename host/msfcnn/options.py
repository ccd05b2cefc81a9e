"""How a network is to run: what a user may ask of a plan and of the code made for it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from msfcnn.errors import Problem, UsageError
from msfcnn.suggest import did_you_mean

INPUTS = ("image", "push", "pull")
SCHEMES = ("all", "paper")
DEFAULT_RUN = 2  # pixels of a kernel call that a plan reckons with at least
MOST_RUN = 16


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is asked of a plan. Raises UsageError, with all that is wrong.

    max_ram:            bytes of arena; the fastest plan that fits is taken.
    max_macs:           least RAM with at most so many times the network's MACs (1.0 or more); with
                        max_ram: the fewest MACs that fit, but not more. Without any bound nothing
                        is computed twice.
    max_time_factor:    likewise, of the estimated instructions of the fastest plan.
    isa:                instruction set that kernels are chosen for.
    core:               whose instructions are estimated; None for the usual one of the isa.
    input:              image: the caller owns the whole image; push: the caller pushes its rows;
                        pull: a function of the caller fetches what is needed.
    schemes:            all, or the plan space (and the accounting) of the msf-CNN paper.
    run:                pixels that a kernel computes at a time at least.
    keep_dead_channels: compute channels that are the same for every image, too.
    without_io:         RAM is counted without the network's output, as the paper does.
    """

    max_ram: int | None = None
    max_macs: float | None = None
    max_time_factor: float | None = None
    isa: str = "generic"
    core: str | None = None
    input: str = "image"
    schemes: str = "all"
    run: int = DEFAULT_RUN
    keep_dead_channels: bool = False
    without_io: bool = False

    def __post_init__(self) -> None:
        problems = tuple(self._problems())
        if problems:
            raise UsageError(*problems)

    @property
    def bounded(self) -> bool:
        """Whether RAM, MACs or time are bounded."""
        return (self.max_ram, self.max_macs, self.max_time_factor) != (None, None, None)

    def _problems(self) -> Iterator[Problem]:
        if self.max_ram is not None and self.max_ram < 1:
            yield Problem("max_ram", f"{self.max_ram} bytes are too few", "give bytes of arena")
        for name in ("max_macs", "max_time_factor"):
            factor = getattr(self, name)
            if factor is not None and not factor >= 1.0:
                yield Problem(name, f"{factor} is too small", "give 1.0 or more; math.inf: any")
        if self.max_macs is not None and self.max_time_factor is not None:
            yield Problem("max_macs, max_time_factor", "both are given", "give one of them")
        if not (1 <= self.run <= MOST_RUN and math.floor(self.run) == self.run):
            yield Problem("run", f"{self.run} is not a number of pixels", f"give 1 to {MOST_RUN}")
        for name, known in (("input", INPUTS), ("schemes", SCHEMES)):
            given = getattr(self, name)
            if given not in known:
                hint = did_you_mean(given, known, f"there are {', '.join(known)}")
                yield Problem(name, f"'{given}' is not known", hint)
