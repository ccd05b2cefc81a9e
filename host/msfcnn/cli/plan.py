"""`msfcnn plan`: the stages that a network is run in, and the trade-off of RAM and MACs."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from msfcnn.cli.generate import add_plan_options, request_of
from msfcnn.cli.parser import Outcome, Subparsers, add_model, new_verb
from msfcnn.cli.plan_text import CYCLES_PER_INSTRUCTION, front_blocks, plan_blocks
from msfcnn.cli.progress import progress

if TYPE_CHECKING:
    from msfcnn.boards import Board
    from msfcnn.cli.plan_figures import PlanFigures, Point, StageWay
    from msfcnn.ir import Model
    from msfcnn.pipeline import GenerateRequest
    from msfcnn.schedule.figures import StageFigures

NAME = "plan"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "show how a model runs in the RAM there is: its stages, their bytes and MACs",
        "msfcnn plan apps/digits/digits.onnx --max-ram 4K\n"
        "msfcnn plan apps/digits/digits.onnx --pareto",
        "Without a bound nothing is computed twice. docs/plan.md explains the figures.",
    )
    add_model(parser)
    add_plan_options(parser)
    parser.add_argument(
        "--board",
        metavar="B",
        help="estimate the instructions for a board, and the time at its clock",
    )
    parser.add_argument(
        "--pareto",
        action="store_true",
        help="all trade-offs of RAM and MACs that no other one beats, within the bounds given",
    )


def run(args: argparse.Namespace) -> Outcome:
    """Plan, or find the whole front."""
    from msfcnn.cli.plan_figures import front_points, plan_figures
    from msfcnn.frontend import load_model
    from msfcnn.pipeline import folded, plan_space

    request, board = _requested(args)
    source = load_model(request.model)
    with progress("planning"):
        model, _ = folded(source, request.keep_dead)
        space = plan_space(model, request)
        if args.pareto:
            points = front_points(model, space, request)
        else:
            found = plan_figures(model, space, request, board.clock if board else None)
    about = _model_data(source, model, request)
    if args.pareto:
        data = {**about, "points": [_point_data(point) for point in points]}
        return Outcome(data, front_blocks(points, about["accounting"] == "paper"))
    return Outcome({**about, **_plan_data(found)}, plan_blocks(found))


def _requested(args: argparse.Namespace) -> tuple[GenerateRequest, Board | None]:
    """With the instruction set and the core of the board, if one is named."""
    from msfcnn.boards import find_board

    request = request_of(args, f"msfcnn plan {args.model}")
    if args.board is None:
        return request, None
    board = find_board(args.board)
    return replace(request, isa=board.isa, core=board.core), board


def _model_data(source: Model, model: Model, request: GenerateRequest) -> dict[str, object]:
    return {
        "model": {
            "name": source.name,
            "sha256": source.sha256,
            "macs": source.macs,
            "live_macs": model.macs,
        },
        "input_mode": request.input_mode.value,
        "accounting": "paper" if request.schemes.value == "paper" else "engine",
    }


def _point_data(point: Point) -> dict[str, object]:
    return {
        "peak_ram": point.peak_ram,
        "peak_ram_without_io": point.without_io,
        "macs": point.macs,
        "recompute_factor": point.factor,
    }


def _plan_data(found: PlanFigures) -> dict[str, object]:
    return {
        **_point_data(found.totals),
        "engine": _point_data(found.engine),
        "estimate": {
            "instructions": found.estimate.instructions,
            "isa": found.estimate.isa,
            "core": found.estimate.core,
            "clock": found.estimate.clock,
            "seconds": found.estimate.seconds,
            "assumed_cycles_per_instruction": CYCLES_PER_INSTRUCTION,
        },
        "binding_stage": found.binding,
        "stages": [
            _stage_data(stage, way) for stage, way in zip(found.stages, found.ways, strict=True)
        ],
        "nearby": [asdict(neighbour) for neighbour in found.nearby],
        "image_bytes": found.image,
        "output_bytes": found.outputs,
    }


def _stage_data(stage: StageFigures, way: StageWay) -> dict[str, object]:
    return {
        "ops": list(stage.nodes),
        "scheme": stage.scheme.value,
        "band_rows": stage.band,
        "ram": {
            "input": stage.input,
            "output": stage.output,
            "overlap": stage.overlap,
            "windows": stage.windows,
            "skips": stage.skips,
            "total": stage.total,
            "without_io": stage.without_io,
        },
        "macs": stage.macs,
        "kept_halos": list(way.kept),
        "split": way.split,
        "run": way.run,
        "tight": way.tight,
    }
