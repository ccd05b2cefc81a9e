"""`msfcnn build`: programs for boards, and what they occupy.

flash, term and test build in the same way: `add_program_options` and `requests_of` are theirs, too.
Each program has a directory of its own below --root, with its report in it.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msfcnn.cli.failure import error_data
from msfcnn.cli.generate import add_bounds
from msfcnn.cli.occupancy import Program, board_table, boards_table
from msfcnn.cli.parser import Outcome, Parser, Subparsers, add_model, new_verb
from msfcnn.errors import SUCCESS
from msfcnn.files import write_atomically
from msfcnn.options import INPUTS
from msfcnn.report import to_data

if TYPE_CHECKING:
    from msfcnn.firmware import BuildOutcome, Request
    from msfcnn.verdict import ProgramReport

NAME = "build"
REPORT = "build.json"  # kept beside each program


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "plan, generate and build programs for boards, and show their sizes",
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


def requests_of(args: argparse.Namespace) -> tuple[Request, ...]:
    """What `add_program_options` asks for, board by board.

    Raises BoardError for names that boards.yaml lacks.
    """
    from msfcnn.boards import find_boards
    from msfcnn.firmware import Request

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
    """Build for all boards, keep a report beside each program.

    A single board that fails is an error of the command. Of several boards each has its row, the
    failed ones with the reason, and the exit code is the largest of all.
    """
    from msfcnn.firmware import alone_in, build, build_many
    from msfcnn.verdict import FailedProgram, program_report

    signal.signal(signal.SIGTERM, leave)
    requests = requests_of(args)
    tell_who_waits(requests)
    if len(requests) == 1:
        with alone_in(requests[0].directory):
            found = program_report(build(requests[0]))
            kept = keep(found, requests[0].directory)
        return Outcome(kept, (board_table(found),))
    outcomes = build_many(requests, _tell)
    programs: list[Program] = []
    for outcome in outcomes:
        if outcome.built is not None:
            programs.append(program_report(outcome.built))
        else:
            assert outcome.error is not None
            name = outcome.request.board.name
            programs.append(FailedProgram(board=name, error=error_data(outcome.error)))
    data = [to_data(program) for program in programs]
    code = max((o.error.exit_code for o in outcomes if o.error), default=SUCCESS)
    return Outcome({"boards": data}, (boards_table(programs),), code)


def tell_who_waits(requests: Sequence[Request]) -> None:
    """Say so where another build has to end first: the lock (`alone_in`) waits without a word."""
    from msfcnn.firmware import is_taken

    for request in requests:
        if is_taken(request.directory):
            where = f"{request.board.name}: waiting for another build in {request.directory}"
            sys.stderr.write(f"{where}\n")


def leave(number: int, _frame: object) -> None:
    """A signal handler: whoever ends us expects the programs that we have started to end, too.

    SystemExit unwinds the stack, so that context managers end them. The exit code is the shell's.
    """
    sys.exit(128 + number)


def _tell(outcome: BuildOutcome) -> None:
    """A report beside the program, and progress, where somebody may be waiting for it."""
    from msfcnn.verdict import program_report

    if outcome.built:
        keep(program_report(outcome.built), outcome.request.directory)
    state = "built" if outcome.built else "not built"
    sys.stderr.write(f"{outcome.request.board.name}: {state}\n")


def keep(
    found: ProgramReport, directory: Path, further: Mapping[str, object] | None = None
) -> Mapping[str, object]:
    """Write the report, and what is to stand in it, too, beside the program; returns the data."""
    data = {**to_data(found), **(further or {})}
    write_atomically(directory / REPORT, json.dumps(data, indent=2) + "\n")
    return data
