"""Everything a network's plans can be made of, priced when it is first asked for.

Pricing takes nearly all the time of planning, so each question is first asked of a few stages that
are priced at once: short ones, bands of one row. Their best plan shows what the others can be
limited to without missing a better one. What has been priced stays in the network's memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

from msfcnn.fusion import (
    LONGEST,
    Currency,
    FusionGraph,
    Gate,
    Limits,
    Network,
    Schemes,
    gates,
    least_macs,
    least_prices,
    orders,
    paper_graph,
    unfused_graph,
    with_bands,
)
from msfcnn.planner.goal import Goal
from msfcnn.planner.paths import Path, cheapest, least_ram, smallest
from msfcnn.planner.table import ANY, Bound, EdgeTable, table

SHORT = 8  # steps: stages that show soon how much RAM is enough


@dataclass(frozen=True)
class Space:
    """The plan space of a network; several goals can be asked of one space.

    run:    pixels of a kernel call that every option has room for, at least.
    enough: bytes that another order of the steps needs, less one: what takes more is left out, and
            all where no plan takes less.
    """

    network: Network
    schemes: Schemes
    run: int
    enough: int | None = None
    timed: dict[tuple[int, int, int, bool], EdgeTable] = field(default_factory=dict, compare=False)
    """Tables of timed.timed_table: least and most bytes, most instructions, how bytes count."""
    passes: list[Space] = field(default_factory=list, compare=False)
    """With more and more gates in two passes, as far as asked for; see passes.py."""
    _smallest: dict[bool, Path] = field(default_factory=dict, compare=False)

    @cached_property
    def everything(self) -> EdgeTable:
        """For every bound."""
        if self.schemes is Schemes.PAPER:
            return table(paper_graph(self.network))
        return table(with_bands(self._lines, Limits(ram=self._most_ram)))

    def least(self, macs: int | None, without_io: bool, enough: int = ANY) -> Path | None:
        """The path of least RAM with at most so many MACs; None if there is none.

        enough: bytes within which there is a path, if that is known.
        """
        most = ANY if macs is None else macs
        if self.schemes is Schemes.PAPER:
            return least_ram(self.everything, most, without_io)
        limits = Limits(ram=min(self._most_ram, enough), extra=self._spare(macs))
        return narrowed(self._lines, limits, most, without_io)

    @cached_property
    def gates(self) -> tuple[Gate, ...]:
        """Gates that can have two passes; see passes.py."""
        return () if self.schemes is Schemes.PAPER else gates(self.network)

    def smallest(self, without_io: bool) -> Path:
        """The path of least RAM, whatever MACs it takes."""
        if without_io not in self._smallest:
            found = self.least(None, without_io)
            assert found is not None, "layer by layer is always possible"
            self._smallest[without_io] = found
        return self._smallest[without_io]

    def _spare(self, macs: int | None) -> int:
        """MACs beyond what no plan goes below."""
        return Limits().extra if macs is None else macs - least_macs(self.network)

    def within(self, size: int, run: int) -> EdgeTable:
        """Everything of no more than so many bytes, with other runs."""
        if self.schemes is Schemes.PAPER:
            return self.everything
        limits = Limits(ram=size)
        return table(with_bands(unfused_graph(self.network, run, limits=limits), limits))

    def fewest(self, bound: Bound, macs: int | None = None) -> Path | None:
        """The path of fewest MACs within a bound of bytes; None if all take more than `macs`.

        Plans of short stages are found at once and show how many MACs are enough.
        """
        if self.schemes is Schemes.PAPER:
            return _affordable(cheapest(self.everything, bound), macs)
        limits = Limits(ram=min(bound.ram, bound.without_io), extra=self._spare(macs))
        lines = unfused_graph(self.network, self.run, limits=replace(limits, extra=Limits().extra))
        path = cheapest(table(with_bands(lines, replace(limits, steps=SHORT))), bound)
        if path is not None and path.price == least_macs(self.network):
            return path
        if path is not None:
            limits = replace(limits, extra=min(limits.extra, self._spare(path.price)))
        return _affordable(cheapest(table(with_bands(lines, limits)), bound), macs)

    @cached_property
    def lines(self) -> EdgeTable:
        """Layer by layer and row sweeps: nothing is computed twice."""
        return table(self._lines)

    def least_bytes(self) -> tuple[int, int]:
        """Of plans of least MACs where nothing is computed twice, counted in either way."""
        best = self._best_line_plan
        return (ANY, ANY) if best is None else (best.ram, best.without_io)

    @cached_property
    def _lines(self) -> FusionGraph:
        """With all that is no larger than the best plan of least MACs: more is of no use.

        That of short stages is found at once, and no smaller than the best one.
        """
        enough = self.enough
        if enough is None:
            short = table(unfused_graph(self.network, self.run, limits=Limits(steps=SHORT)))
            best = smallest(short, least_macs(self.network))
            enough = Limits().ram if best is None else max(best.ram, best.without_io)
        limits, others = Limits(ram=enough), self.enough is not None
        return unfused_graph(self.network, self.run, limits=limits, give_up=others)

    def timed_lines(self, limits: Limits) -> EdgeTable:
        """Layer by layer and row sweeps, priced in estimated instructions."""
        return table(unfused_graph(self.network, self.run, Currency.INSTRUCTIONS, limits))

    def timed_limits(self, ram: int, most: int, steps: int = LONGEST) -> Limits:
        """Of stages that a plan of so many bytes and estimated instructions can be made of."""
        floors = least_prices(self.network, self.run, Currency.INSTRUCTIONS)
        extra = Limits().extra if most >= ANY else max(0, most - sum(floors))
        return Limits(ram=ram, extra=extra, steps=steps)

    @cached_property
    def fastest(self) -> Path:
        """The fewest instructions, whatever RAM they take, where nothing is computed twice."""
        return self._fastest(self._fastest(ANY, SHORT).price, LONGEST)

    def _fastest(self, most: int, steps: int) -> Path:
        """With stages of so many steps at most; other plans take more than `most` instructions."""
        path = cheapest(self.timed_lines(self.timed_limits(Limits().ram, most, steps)))
        assert path is not None, "layer by layer is always possible"
        return path

    @property
    def _most_ram(self) -> int:
        """A stage with more bytes than the best plan of least MACs is of no use to any plan."""
        best = self._best_line_plan
        return Limits().ram if best is None else max(best.ram, best.without_io)

    @cached_property
    def _best_line_plan(self) -> Path | None:
        return smallest(self.lines, least_macs(self.network))


def _affordable(path: Path | None, macs: int | None) -> Path | None:
    """A path if it takes no more MACs than that."""
    return path if path is None or macs is None or path.price <= macs else None


def narrowed(lines: FusionGraph, limits: Limits, price: int, without_io: bool) -> Path | None:
    """The path of least RAM that costs no more, in bands, too; None if there is none.

    Bands of one row need little RAM, and short stages are found at once: what they need is enough
    for all others.
    """
    for few in (replace(limits, rows=1, steps=SHORT), replace(limits, rows=1), limits):
        few = replace(few, ram=limits.ram)
        found = least_ram(table(with_bands(lines, few)), price, without_io)
        if found is not None:
            limits = replace(limits, ram=found.without_io if without_io else found.ram)
    return found


def space_of(network: Network, goal: Goal) -> Space:
    """The space that a goal chooses from."""
    return in_best_order(network, goal.schemes, goal.run)


def in_best_order(network: Network, schemes: Schemes, run: int) -> Space:
    """The space of the best order of the steps: that in which row sweeps need the least RAM."""
    if schemes is Schemes.PAPER:
        return Space(network=network, schemes=schemes, run=run)
    # tuples are compared: less RAM, and for the same RAM less without the network's output
    first, *others = orders(network)
    best = Space(network=first, schemes=schemes, run=run)
    for order in others:
        # a better order has less RAM, or as much at the end only, where the output does not count:
        # without the output all its stages have less
        ram, _ = best.least_bytes()
        enough = None if ram == ANY else ram - 1
        found = Space(network=order, schemes=schemes, run=run, enough=enough)
        if found.least_bytes() < best.least_bytes():
            best = found
    return best
