"""Everything a network's plans can be made of, priced when it is first asked for.

Pricing takes nearly all the time of planning, so each table is made once, as small as the question
allows: plans that compute nothing twice need no bands with recomputation.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

from msfcnn.fusion import (
    Currency,
    FusionGraph,
    Limits,
    Network,
    Schemes,
    least_macs,
    orders,
    paper_graph,
    unfused_graph,
    with_bands,
)
from msfcnn.planner.goal import Goal
from msfcnn.planner.paths import Path, least_ram, smallest
from msfcnn.planner.table import ANY, EdgeTable, table


@dataclass(frozen=True)
class Space:
    """The plan space of a network; several goals can be asked of one space.

    run:    pixels of a kernel call that every option has room for, at least.
    enough: bytes in which another order of the steps is known to run: what takes more is left out.
    """

    network: Network
    schemes: Schemes
    run: int
    enough: int | None = None
    timed: dict[tuple[int, int, int, bool], EdgeTable] = field(default_factory=dict, compare=False)
    """Tables of timed.timed_table: least and most bytes, most instructions, how bytes count."""

    def table(self, macs: int | None = None) -> EdgeTable:
        """What matters to plans with at most so many MACs."""
        if self.schemes is Schemes.PAPER or macs is None or macs > self.network.macs:
            return self.everything
        return self.nothing_twice

    @cached_property
    def everything(self) -> EdgeTable:
        """For every bound."""
        if self.schemes is Schemes.PAPER:
            return table(paper_graph(self.network))
        return table(with_bands(self._lines, Limits(self._most_ram)))

    @cached_property
    def nothing_twice(self) -> EdgeTable:
        """For the MACs of the network, but not more."""
        spare = self.network.macs - least_macs(self.network)
        return table(with_bands(self._lines, Limits(self._most_ram, spare)))

    def least(self, macs: int | None, without_io: bool) -> Path | None:
        """The path of least RAM with at most so many MACs; None if there is none.

        Bands of one row need little RAM: what they need is enough for all others.
        """
        most = ANY if macs is None else macs
        if self.schemes is Schemes.PAPER:
            return least_ram(self.everything, most, without_io)
        spare = Limits().extra if macs is None else macs - least_macs(self.network)
        narrow = Limits(ram=self._most_ram, extra=spare, rows=1)
        first = least_ram(table(with_bands(self._lines, narrow)), most, without_io)
        if first is None:
            return None
        enough = first.without_io if without_io else first.ram
        limits = Limits(ram=enough, extra=spare)
        return least_ram(table(with_bands(self._lines, limits)), most, without_io)

    def within(self, size: int, run: int) -> EdgeTable:
        """Everything of no more than so many bytes, with other runs."""
        if self.schemes is Schemes.PAPER:
            return self.everything
        limits = Limits(size)
        return table(with_bands(unfused_graph(self.network, run, limits=limits), limits))

    @cached_property
    def lines(self) -> EdgeTable:
        """Layer by layer and row sweeps: nothing is computed twice."""
        return table(self._lines)

    @cached_property
    def timed_lines(self) -> EdgeTable:
        """Likewise, priced in estimated instructions."""
        return table(unfused_graph(self.network, self.run, Currency.INSTRUCTIONS))

    def least_bytes(self) -> tuple[int, int]:
        """Of plans of least MACs where nothing is computed twice, counted in either way."""
        best = self._best_line_plan
        return (ANY, ANY) if best is None else (best.ram, best.without_io)

    @cached_property
    def _lines(self) -> FusionGraph:
        """With all that is no larger than the best plan of least MACs: more is of no use.

        How large that is shows when it is found; until then the limit is doubled.
        """
        if self.enough is not None:
            return unfused_graph(self.network, self.run, limits=Limits(self.enough))
        limit = -(-max(self.network.sizes.values()) // 8)
        while limit < sum(self.network.sizes.values()):
            found = unfused_graph(self.network, self.run, limits=Limits(limit))
            best = smallest(table(found), least_macs(self.network))
            if best is not None and max(best.ram, best.without_io) <= limit:
                return found
            limit *= 2
        return unfused_graph(self.network, self.run)

    @property
    def _most_ram(self) -> int:
        """A stage with more bytes than the best plan of least MACs is of no use to any plan."""
        best = self._best_line_plan
        return Limits().ram if best is None else max(best.ram, best.without_io)

    @cached_property
    def _best_line_plan(self) -> Path | None:
        return smallest(self.lines, least_macs(self.network))


def space_of(network: Network, goal: Goal) -> Space:
    """The space that a goal chooses from: of the best order of the steps.

    That is the one in which row sweeps need the least RAM.
    """
    if goal.schemes is Schemes.PAPER:
        return Space(network=network, schemes=goal.schemes, run=goal.run)
    # tuples are compared: less RAM, and for the same RAM less without the network's output
    first, *others = orders(network)
    best = Space(network=first, schemes=goal.schemes, run=goal.run)
    for order in others:
        enough, _ = best.least_bytes()
        found = replace(best, network=order, enough=None if enough == ANY else enough, timed={})
        if found.least_bytes() < best.least_bytes():
            best = found
    return best
