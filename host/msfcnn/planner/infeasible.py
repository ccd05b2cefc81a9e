"""Why there is no plan for a goal, and what would help.

Every bound that a hint names was searched for and is possible; a guess would send the user from one
error to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from msfcnn.errors import InfeasibleError, Problem
from msfcnn.fusion import LOAD_OP, Edge, Option, Schemes, cost, paper_cost, paper_without_io
from msfcnn.ir import InputMode, Model
from msfcnn.planner.goal import Goal
from msfcnn.planner.passes import fewest_in_passes, least_in_passes, timed_in_passes
from msfcnn.planner.paths import Path, least_ram
from msfcnn.planner.space import Space
from msfcnn.planner.table import ANY
from msfcnn.sizes import format_size


@dataclass(frozen=True)
class Shortfall:
    """What the goal asks for and what there is.

    binding: the stage of `best` that needs the most, and how it runs.
    best:    the plan of least RAM within the bound on MACs or time; None if that is the problem.
    helps:   what would make a plan possible, the mildest first.
    """

    goal: Goal
    best: Path | None
    binding: tuple[Edge, Option] | None
    helps: tuple[str, ...]


class NoPlanError(InfeasibleError):
    """No plan meets the goal; says why with the names of a model where there is one.

    The planner knows no model. Who does (`pipeline`) makes the error again from `shortfall`.
    """

    def __init__(self, shortfall: Shortfall, model: Model | None = None) -> None:
        best = shortfall.best
        least = 0 if best is None else _counted(best, shortfall.goal)
        super().__init__(*_problems(shortfall, least, model), best_ram=least)
        self.shortfall = shortfall
        if shortfall.binding:
            self.binding_ops = tuple(_names(shortfall.binding[0], model))


def no_plan(space: Space, goal: Goal) -> NoPlanError:
    """The error for a goal that no plan of the space meets."""
    if goal.max_time is None:
        best = least_in_passes(space, goal.most_macs(space.network), goal.bare)
    else:
        best = timed_in_passes(space, replace(goal, max_ram=None))
    if best is None:
        return NoPlanError(Shortfall(goal, None, None, ("use --max-macs 1.0 or more",)))
    return NoPlanError(Shortfall(goal, best, _binding(goal, best), _helps(space, goal, best)))


def _counted(path: Path, goal: Goal) -> int:
    """Peak RAM of a path in the way of counting that the goal bounds."""
    return path.without_io if goal.bare else path.ram


def _binding(goal: Goal, best: Path) -> tuple[Edge, Option]:
    """The stage that needs the most."""
    edges = list(best.stages())
    sizes = [sum(_parts(*edge, goal)) for edge in edges]
    return edges[sizes.index(max(sizes))]


def _parts(edge: Edge, option: Option, goal: Goal) -> tuple[int, int, int]:
    """Bytes of input and output (as they count for the bound), windows, live skips."""
    if goal.schemes is Schemes.PAPER:
        paper = paper_cost(edge)
        io = paper_without_io(edge, paper) - paper.caches - paper.others
        return io, paper.caches, paper.others
    found = cost(edge, option)
    io = found.region
    if goal.bare:
        io = found.without_io - found.window_bytes - found.others
    return io, found.window_bytes, found.others


def _helps(space: Space, goal: Goal, best: Path) -> tuple[str, ...]:
    """Other bounds and options for which there is a plan: each has been tried."""
    assert goal.max_ram is not None, "without a bound on RAM there is always a plan"
    helps = []
    if goal.max_time is None:
        unbounded = fewest_in_passes(space, goal.within(goal.max_ram))
        needed, more = space.network.macs, "allow more MACs: --max-macs"
    else:
        unbounded = timed_in_passes(space, replace(goal, max_time=None))
        needed, more = space.fastest.price, "allow more time: --max-time-factor"
    if unbounded is not None:
        helps.append(f"{more} {-(-1000 * unbounded.price // max(1, needed)) / 1000:.3f}")
    helps.append(f"allow more RAM: --max-ram {_counted(best, goal)}")
    if unbounded is None and goal.run > 1 and goal.schemes is Schemes.ALL:
        least = least_ram(space.within(goal.max_ram, 1), ANY, goal.bare, goal.within(goal.max_ram))
        if least is not None:
            helps.append(f"--run 1 needs {format_size(_counted(least, goal))} bytes")
    if unbounded is None:
        if space.network.mode is InputMode.PUSH:
            helps.append("--input pull may need less")
        helps.append("use a smaller input resolution or width")
    return tuple(helps)


def _problems(found: Shortfall, least: int, model: Model | None) -> list[Problem]:
    """What cannot be met, by which stage, and what would help."""
    goal = found.goal
    hint = "; or ".join(found.helps)
    if found.best is None:
        return [Problem("--max-macs", f"no plan has only {goal.max_macs} times the MACs", hint)]
    limit = goal.max_ram or 0
    within = "" if goal.max_macs is None else f" with --max-macs {goal.max_macs:g}"
    if goal.max_time is not None:
        within = f" with --max-time-factor {goal.max_time:g}"
    what = (
        f"{format_size(limit)} bytes are not enough{within}: the network needs at least "
        f"{format_size(least)}, {format_size(least - limit)} more"
    )
    assert found.binding is not None, "every plan has a stage that needs the most"
    where, needs = _stage(*found.binding, goal, model)
    return [Problem("--max-ram", what, hint), Problem(where, f"largest stage: {needs}")]


def _stage(edge: Edge, option: Option, goal: Goal, model: Model | None) -> tuple[str, str]:
    """Its first and last node, and what it needs."""
    names = _names(edge, model)
    both, windows, others = _parts(edge, option, goal)
    whole = [*([] if edge.dying is None else [edge.dying]), *edge.born]
    tensors = " and ".join(_tensor(edge, t, model) for t in whole) or "its output"
    needs = (
        f"{format_size(both)} bytes for {tensors}, "
        f"{format_size(windows)} for line buffers, {format_size(others)} for skips"
    )
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}", needs


def _tensor(edge: Edge, tensor: int, model: Model | None) -> str:
    """A tensor as people know it: its name in the model, and its shape."""
    network = edge.network
    writers = network.writers[tensor]
    readers = network.readers[tensor]
    shapes = [network.steps[k].result for k in writers] or [network.steps[readers[0]].source]
    shape = "x".join(map(str, shapes[0]))
    return (
        f"{model.tensors[network.original(tensor)].name} ({shape})"
        if model
        else f"a tensor {shape}"
    )


def _names(edge: Edge, model: Model | None) -> list[str]:
    """Nodes as Netron shows them; kinds of kernels where there is no model."""
    if model is None:
        return [f"step {edge.first + i} ({s.family})" for i, s in enumerate(edge.steps)]
    ops = dict.fromkeys(step.op for step in edge.steps)
    return ["the image" if op == LOAD_OP else model.ops[op].node for op in ops]
