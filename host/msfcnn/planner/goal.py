"""What a plan is to be good for."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.fusion import DEFAULT_RUN, Network, Schemes
from msfcnn.planner.table import Bound

NOTHING_TWICE = 1.0


@dataclass(frozen=True)
class Goal:
    """The bounds, and the plan space. Made of checked `Options`; a factor is 1 or more, inf: none.

    max_ram:    bytes of arena; then the fastest plan that fits is taken: that of the fewest
                estimated instructions, or, with max_macs, of the least MACs.
    max_macs:   bound on the recompute factor; without max_ram the plan of least RAM is taken. With
                neither of the two, nothing is computed twice.
    max_time:   bound on estimated instructions / those of the fastest plan; instead of max_macs.
    run:        pixels of a kernel call that every plan has room for.
    without_io: RAM is what the paper counts, without the network's output.
    """

    max_ram: int | None = None
    max_macs: float | None = None
    schemes: Schemes = Schemes.ALL
    run: int = DEFAULT_RUN
    without_io: bool = False
    max_time: float | None = None

    @property
    def timed(self) -> bool:
        """Whether instructions decide, not MACs."""
        if self.schemes is Schemes.PAPER or self.max_macs is not None:
            return False
        return self.max_ram is not None or self.max_time is not None

    @property
    def bare(self) -> bool:
        """Whether the network's output is left out of the RAM; the paper's plans always do so."""
        return self.without_io or self.schemes is Schemes.PAPER

    def within(self, size: int) -> Bound:
        """The bound on the RAM that is counted."""
        return Bound(without_io=size) if self.bare else Bound(size)

    def most_macs(self, network: Network) -> int | None:
        """The bound in MACs; None for no bound."""
        factor = self.max_macs
        if factor is None:
            if self.max_ram is not None:
                return None
            factor = NOTHING_TWICE
        # 1.1 * 10 is 11.000000000000002, but 1.15 * 100 is 114.99999999999999
        return None if factor == float("inf") else int(factor * network.macs + 1e-6)
