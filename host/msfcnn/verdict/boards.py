"""A network on several boards: a verdict on each, with the plans, layers and trade-offs behind.

Nothing is built here. Figures come from the best source there is, which is always told: the last
build of this very plan, else a survey of builds, else the network alone; a time measured on the
board, else instructions counted by an emulator, else the cost model. `judge` has the data and the
verdict itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from msfcnn.boards import Board
from msfcnn.costmodel import cycles_of
from msfcnn.emit import c_name
from msfcnn.errors import InfeasibleError, MsfcnnError
from msfcnn.firmware import Request, Surveyed, Tally, callers_bytes, surveyed
from msfcnn.ir import Model
from msfcnn.isa import MACHINES
from msfcnn.options import Options
from msfcnn.pipeline import Planned, generate, plan_model
from msfcnn.report import (
    CodeReport,
    DatasetReport,
    Fronts,
    code_report,
    from_data,
    fronts_report,
    model_report,
    moving_stage,
    timeline_of,
)
from msfcnn.schedule import estimated_cycles
from msfcnn.toolchain import missing
from msfcnn.verdict.judge import (
    ARENA,
    BUILD,
    NO_PLAN,
    SURVEY,
    BoardsReport,
    BoardVerdict,
    Latency,
    Memory,
    PlanView,
    judge,
)
from msfcnn.verdict.program import ProgramReport

Watch = Callable[[str], Callable[[int, int], None]]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be found out.

    file:   the model's file, under whose name builds are kept below `builds`.
    count:  count instructions on an emulated processor of the board's kind, where there is one.
    fronts: find the trade-offs and the stages in motion, too, for a page.
    """

    file: Path
    options: Options
    builds: Path
    count: bool = False
    fronts: bool = False


@dataclass(frozen=True)
class _Found:
    """A plan for certain options, or why there is none.

    counted: executed instructions of an inference; None if not asked for, or not possible.
    """

    planned: Planned | None = None
    error: InfeasibleError | None = None
    counted: int | None = None


def boards_report(
    source: Model,
    boards: Sequence[Board],
    asked: Asked,
    version: str,
    watch: Watch | None = None,
    accuracy: DatasetReport | None = None,
) -> BoardsReport:
    """Plans for all boards as `plan --board` and `build` do, and judges each.

    Boards that lead to the same options share one plan: planning takes seconds, and there are
    many boards. version: of msfcnn. watch: gives a progress callback for a title.
    """
    tick = watch("boards") if watch else None
    found: dict[Options, _Found] = {}
    for number, board in enumerate(boards):
        options = board.options(asked.options)
        if options not in found:
            found[options] = _find(source, options, asked)
        if tick:
            tick(number + 1, len(boards))
    views, index = _views(boards, found, asked)
    verdicts = tuple(
        _verdict(board, options, found[options], index.get(options), asked)
        for board in boards
        for options in (board.options(asked.options),)
    )
    return BoardsReport(
        file=str(asked.file),
        version=version,
        network=model_report(source),
        input_mode=asked.options.input,
        verdicts=verdicts,
        plans=views,
        accuracy=accuracy,
        fronts=fronts_on(source, boards, asked.options) if asked.fronts else None,
    )


def _views(
    boards: Sequence[Board], found: Mapping[Options, _Found], asked: Asked
) -> tuple[tuple[PlanView, ...], dict[Options, int]]:
    """The different plans, each with its boards, and which one options lead to."""
    # different options may still lead to the same plan, such as two limits that both leave room
    views: list[PlanView] = []
    index: dict[Options, int] = {}
    for board in boards:
        options = board.options(asked.options)
        planned = found[options].planned
        if planned is None:
            continue
        if options not in index:
            view = _view(planned, options, asked.fronts)
            known = [replace(other, boards=()) for other in views]
            index[options] = known.index(view) if view in known else len(views)
            views += [] if view in known else [view]
        number = index[options]
        views[number] = replace(views[number], boards=(*views[number].boards, board.name))
    return tuple(views), index


def _find(source: Model, options: Options, asked: Asked) -> _Found:
    """The plan under a board's limits, counted if asked; or why there is none."""
    try:
        planned = plan_model(source, options)
    except InfeasibleError as error:
        return _Found(error=error)
    return _Found(planned, counted=_counted(source, options, planned) if asked.count else None)


def _view(planned: Planned, options: Options, in_motion: bool) -> PlanView:
    """A plan as the report has it, of no board yet; stages in motion are for pages only."""
    timeline = timeline_of(planned)
    return PlanView(
        boards=(),
        isa=options.isa,
        core=planned.schedule.network.measured.core,
        code=code_report(planned),
        timeline=timeline,
        motions=tuple(
            moving_stage(planned, number, stage.ops)
            for number, stage in enumerate(timeline.stages, 1)
            if in_motion
        ),
    )


def fronts_on(source: Model, boards: Sequence[Board], options: Options) -> Fronts:
    """The trade-offs with the first board's kernels, and the RAM that each leaves to the arena."""
    limits = [(board.name, limit) for board in boards if (limit := _room(board)) is not None]
    return fronts_report(source, boards[0].options(options), limits)


def _room(board: Board) -> int | None:
    """What RIOT and the engine leave to the arena."""
    there = _survey_of(board)
    if board.ram is None:
        return None
    return board.ram - (there.state + there.stack + there.static_rest if there else 0)


def _verdict(
    board: Board, options: Options, found: _Found, index: int | None, asked: Asked
) -> BoardVerdict:
    """Whether it fits, and what is too much."""
    if found.planned is None:
        assert found.error is not None
        least = f"{found.error.best_ram:,}"
        limit = "" if options.max_ram is None else f", {options.max_ram:,} are allowed"
        return BoardVerdict(
            board=board.name,
            description=board.description,
            verdict=NO_PLAN,
            reasons=(f"the arena takes at least {least} bytes{limit}",),
            max_ram=options.max_ram,
        )
    code = code_report(found.planned)
    built = _last_build(board, code, asked)
    tally = None if built is None else built[0].tally
    image = callers_bytes(found.planned.model, options.input)
    in_ram = tally is not None and tally.image_in_ram
    ram, flash = _memory(board, code, tally, len(found.planned.model.ops))
    verdict, reasons = judge(ram, flash, image, in_ram)
    latency = _measured(board, built) or _latency(board, found)
    return BoardVerdict(
        board=board.name,
        description=board.description,
        verdict=verdict,
        reasons=reasons,
        max_ram=options.max_ram,
        peak_ram=code.peak_ram,
        recompute_factor=code.recompute_factor,
        macs=code.macs,
        plan=index,
        image=image,
        image_in_ram=in_ram,
        ram=ram,
        flash=flash,
        latency=latency,
        energy_mj=_energy(board, latency),
    )


def _last_build(
    board: Board, code: CodeReport, asked: Asked
) -> tuple[ProgramReport, dict[str, Any]] | None:
    """The report of apps/bench beside its program, if that is of this very plan."""
    request = Request(board=board, model=asked.file, root=asked.builds)
    try:
        data = json.loads((request.directory / "build.json").read_bytes())
        found = from_data(ProgramReport, data)
    except (OSError, ValueError):
        return None
    return (found, data) if found.planned == code and found.tally else None


def _memory(board: Board, code: CodeReport, tally: Tally | None, ops: int) -> tuple[Memory, Memory]:
    """RAM and flash, from the best that is known."""
    if tally is not None:
        ram = {
            "arena": tally.arena,
            "engine state": tally.state,
            "stacks": tally.stack,
            "RIOT and others": tally.static_rest,
        }
        flash = {
            "weights": tally.weights,
            "tables": tally.tables,
            "engine": tally.engine,
            "RIOT and others": tally.flash_rest,
        }
        source = BUILD
    else:
        ram, flash, source = _estimated(code, _survey_of(board), ops)
    return (
        Memory(parts=ram, limit=board.ram, source=source),
        Memory(parts=flash, limit=board.flash, source=source),
    )


def _survey_of(board: Board) -> Surveyed | None:
    """What a program took on this board, or on one of the same board of RIOT, such as in a lab."""
    known = surveyed()
    return known.get(board.name) or known.get(board.riot or "")


def _estimated(
    code: CodeReport, there: Surveyed | None, ops: int
) -> tuple[dict[str, int], dict[str, int], str]:
    """RAM and flash of a board that was not built: from the survey of builds stored with msfcnn."""
    ram, flash = {"arena": code.peak_ram}, {"weights": code.weight_bytes}
    if there is None:
        return ram, flash, ARENA
    ram |= {
        "engine state": there.state,
        "stacks": there.stack,
        "RIOT and others": there.static_rest,
    }
    flash |= {
        "tables": ops * there.table_per_op,
        "engine": there.engine,
        "RIOT and others": there.flash_rest,
    }
    return ram, flash, SURVEY


def _measured(board: Board, built: tuple[ProgramReport, dict[str, Any]] | None) -> Latency | None:
    """What `msfcnn test` measured of the last build; an emulator's time is none."""
    if built is None or board.runner == "qemu":
        return None
    trial = built[1].get("trial") or {}
    micro = trial.get("median_us")
    if not isinstance(micro, (int, float)):
        return None
    return Latency(
        kind="measured",
        instructions=None,
        cycles=None,
        cycles_kind=None,
        cycles_basis=None,
        clock=board.clock,
        seconds=micro / 1e6,
    )


def _latency(board: Board, found: _Found) -> Latency:
    """Time from the best count there is, and what kind of figure it is."""
    assert found.planned is not None
    scheduled, basis = found.planned.schedule, cycles_of(board.cycles)
    cycles = estimated_cycles(scheduled, basis)
    if found.counted:
        cycles = round(cycles * found.counted / scheduled.instructions)
    return Latency(
        kind="counted" if found.counted else "estimated",
        instructions=found.counted or scheduled.instructions,
        cycles=cycles,
        cycles_kind=basis.kind,
        cycles_basis=basis.basis,
        clock=board.clock,
        seconds=None if board.clock is None else cycles / board.clock,
    )


def _counted(source: Model, options: Options, planned: Planned) -> int | None:
    """Executed instructions on an emulated processor of this kind; None where there is none."""
    from msfcnn.bench import Bench
    from msfcnn.verifier import random_images

    core = planned.schedule.network.measured.core
    for machine in MACHINES:
        if machine.core != core or machine.unit != "instructions" or missing(machine):
            continue
        name = c_name(source.name)
        made = generate(source, name, options, "msfcnn report --count")
        bench = Bench(machine, Path("build/bench"), "-Os", options.isa)
        try:
            return bench.measure(made, name, random_images(made.model, 1)).cost
        except MsfcnnError:
            continue  # such as a network that does not fit the machine: the estimate stays
    return None


def _energy(board: Board, latency: Latency) -> float | None:
    """Millijoules, with what the chip draws by its data sheet."""
    if board.supply is None or latency.seconds is None:
        return None
    return board.supply.volts * board.supply.milliamperes * latency.seconds
