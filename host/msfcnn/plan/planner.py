"""The plan for a goal: least RAM for a bound on MACs (P1), least MACs for one on RAM (P2)."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.errors import InfeasibleError, Problem
from msfcnn.graph.chains import chain
from msfcnn.graph.cost import cost
from msfcnn.graph.fusion import FusionGraph, Schemes, least_macs, unfused_graph, with_bands
from msfcnn.graph.options import DEFAULT_RUN
from msfcnn.graph.paper import paper_graph
from msfcnn.graph.search import Limits
from msfcnn.graph.steps import Kind, Network
from msfcnn.plan.paths import Path, cheapest, front, smallest
from msfcnn.plan.table import ANY, Bound, table
from msfcnn.plan.types import Plan, PlannedStage
from msfcnn.sizes import format_size

NOTHING_TWICE = 1.0


@dataclass(frozen=True)
class Goal:
    """What a plan is to be good for.

    max_ram:  bytes of arena; then the plan of least MACs that fits is taken.
    max_macs: bound on the recompute factor; without max_ram the plan of least RAM is taken. With
              neither of the two, nothing is computed twice.
    run:      pixels of a kernel call that every plan has room for.
    """

    max_ram: int | None = None
    max_macs: float | None = None
    schemes: Schemes = Schemes.ALL
    run: int = DEFAULT_RUN

    def most_macs(self, network: Network) -> int | None:
        """The bound in MACs; None for no bound."""
        factor = self.max_macs
        if factor is None:
            if self.max_ram is not None:
                return None
            factor = NOTHING_TWICE
        return None if factor == float("inf") else int(factor * network.macs + 1e-6)


def plan(network: Network, goal: Goal) -> Plan:
    """The best plan for a goal, exact in the plan space.

    Raises InfeasibleError, with the least RAM that is possible and what needs it.
    """
    macs = goal.most_macs(network)
    path = _search(network, goal, macs)
    if path is None:
        raise _infeasible(network, goal, macs)
    return _plan(network, path)


def pareto(network: Network, goal: Goal) -> tuple[Path, ...]:
    """Every trade-off of RAM and MACs that is worth something, by descending RAM."""
    return front(table(_graph(network, goal, None)))


def _search(network: Network, goal: Goal, macs: int | None) -> Path | None:
    if goal.max_ram is None:
        found = table(_graph(network, goal, macs))
        return smallest(found, ANY if macs is None else macs)
    if goal.schemes is Schemes.ALL:
        lines = table(unfused_graph(network, goal.run))
        plain = smallest(lines, least_macs(network), Bound(goal.max_ram))
        if plain is not None:
            return plain  # nothing that is computed twice can be cheaper
    found = table(_graph(network, goal, macs))
    path = cheapest(found, Bound(goal.max_ram))
    if path is None or (macs is not None and path.macs > macs):
        return None
    return smallest(found, path.macs, Bound(goal.max_ram))


def _graph(network: Network, goal: Goal, macs: int | None) -> FusionGraph:
    """The edges that can matter for a bound on the MACs."""
    if goal.schemes is Schemes.PAPER:
        return paper_graph(network)
    lines = unfused_graph(network, goal.run)
    best = smallest(table(lines), least_macs(network))
    # a stage with more bytes than the best plan of least MACs is of no use to any plan
    limits = Limits() if best is None else Limits(max(best.ram, best.without_io))
    if macs is not None:
        extra = max(0, macs - least_macs(network))
        limits = Limits(limits.ram, extra)
    return with_bands(lines, limits)


def _plan(network: Network, path: Path) -> Plan:
    stages = []
    for (first, last), option in path.edges:
        edge = chain(network, first, last)
        assert edge is not None, "edges are chains"
        stages.append(PlannedStage(edge, option))
    return Plan(network, tuple(stages))


def _infeasible(network: Network, goal: Goal, macs: int | None) -> InfeasibleError:
    found = table(_graph(network, goal, macs))
    least = smallest(found, ANY if macs is None else macs)
    if least is None:
        what = f"no plan has at most {goal.max_macs} times the MACs"
        problem = Problem("--max-macs", what, "use 1.0 or more")
        return InfeasibleError(problem, best_ram=0)
    planned = _plan(network, least)
    binding = max(planned.stages, key=lambda s: cost(s.chain, s.option).total)
    return InfeasibleError(
        Problem(_where(goal), _need(least, goal), _hint(least, goal, macs)),
        Problem("the stage that needs most", _tensors(binding), ""),
        best_ram=least.ram,
    )


def _where(goal: Goal) -> str:
    return "--max-ram" if goal.max_macs is None else "--max-ram with --max-macs"


def _need(least: Path, goal: Goal) -> str:
    limit = format_size(goal.max_ram or 0)
    return (
        f"the network needs at least {format_size(least.ram)} bytes of arena, the limit is {limit}"
    )


def _hint(least: Path, goal: Goal, macs: int | None) -> str:
    hints = [f"allow --max-ram {least.ram}"]
    if macs is not None:
        hints.append("allow more MACs (or leave --max-macs out)")
    if goal.run > 1:
        hints.append("try --run 1")
    return ", ".join(hints) + ", or use a smaller input resolution or width"


def _tensors(stage: PlannedStage) -> str:
    edge = stage.chain
    source, target = ("x".join(map(str, edge.shapes[i])) for i in (0, -1))
    found = cost(edge, stage.option)
    first, last = (step.kind.value for step in (edge.steps[0], edge.steps[-1]))
    loads = "the image" if edge.steps[0].kind is Kind.LOAD else source
    return (
        f"steps {edge.first} to {edge.last - 1} ({first} to {last}): {loads} to {target}, "
        f"{format_size(found.window_bytes)} bytes of windows, {format_size(found.region)} of input "
        f"and output, {format_size(found.others)} of live skips"
    )
