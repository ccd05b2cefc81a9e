"""`msfcnn build`: programs for boards, and what they occupy."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msfcnn.cli.failure import error_data
from msfcnn.cli.generate import add_bounds
from msfcnn.cli.occupancy import board_table, boards_table
from msfcnn.cli.parser import Outcome, Parser, Subparsers, add_model, new_verb
from msfcnn.errors import SUCCESS
from msfcnn.files import write_atomically

if TYPE_CHECKING:
    from msfcnn.firmware import build as building

NAME = "build"
INPUTS = ("image", "push", "pull")
REPORT = "build.json"  # kept beside each program


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "plan, generate and build programs for boards, and show what they occupy",
        "msfcnn build apps/digits/digits.onnx --board native64,hifive1b --max-ram 8K",
        "RIOT's own make builds; it is found at $RIOTBASE, ../RIOT or ~/RIOT.",
    )
    add_program_options(parser)


def add_program_options(parser: Parser) -> None:
    """The options that decide which programs are built."""
    add_model(parser)
    parser.add_argument(
        "--board", metavar="B,B...", default="host", help="names, or all (default: host)"
    )
    parser.add_argument(
        "--app",
        metavar="NAME",
        default="bench",
        help="bench, digits, stream or the directory of a RIOT application (default: bench)",
    )
    parser.add_argument("--input", choices=INPUTS, default="image", help="default: image")
    parser.add_argument(
        "--root", metavar="DIR", type=Path, default=Path("build"), help="default: build"
    )
    add_bounds(parser)


def requests_of(args: argparse.Namespace) -> tuple[building.Request, ...]:
    """What `add_program_options` asks for, board by board."""
    from msfcnn.boards import find_boards
    from msfcnn.firmware.build import Request

    return tuple(
        Request(
            board=board,
            model=args.model,
            application=args.app,
            input=args.input,
            max_ram=args.max_ram,
            max_macs=args.max_macs,
            root=args.root,
        )
        for board in find_boards(args.board)
    )


def run(args: argparse.Namespace) -> Outcome:
    """Build for all boards, keep a report beside each program."""
    from msfcnn.firmware.build import build, build_many

    requests = requests_of(args)
    if len(requests) == 1:
        data = keep(built_data(build(requests[0])), requests[0].directory)
        return Outcome(data, (board_table(data),))
    outcomes = build_many(requests, _tell)
    every = [outcome_data(outcome) for outcome in outcomes]
    code = max((o.error.exit_code for o in outcomes if o.error), default=SUCCESS)
    return Outcome({"boards": every}, (boards_table(every),), code)


def _tell(outcome: building.Outcome) -> None:
    """Progress, where somebody may be waiting for it."""
    state = "built" if outcome.built else "not built"
    sys.stderr.write(f"{outcome.request.board.name}: {state}\n")


def outcome_data(outcome: building.Outcome) -> Mapping[str, Any]:
    """One of many builds as plain data, kept beside its program."""
    if outcome.built is not None:
        return keep(built_data(outcome.built), outcome.request.directory)
    assert outcome.error is not None
    return {"board": outcome.request.board.name, "error": error_data(outcome.error)}


def built_data(built: building.Built) -> Mapping[str, Any]:
    """A program as plain data."""
    return {
        "board": built.request.board.name,
        "model": built.request.name,
        "application": built.request.application,
        "program": str(built.program),
        "planned": built.planned,
        "tally": built.tally.data() if built.tally else None,
    }


def keep(data: Mapping[str, Any], directory: Path) -> Mapping[str, Any]:
    """Write the report beside the program; returns it."""
    write_atomically(directory / REPORT, json.dumps(data, indent=2) + "\n")
    return data
