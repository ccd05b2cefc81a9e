"""`msfcnn test`: programs on their boards, judged."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Mapping, Sequence
from typing import Any

from msfcnn.cli.build import add_program_options, keep, leave, requests_of, tell_who_waits
from msfcnn.cli.failure import error_data
from msfcnn.cli.occupancy import reason
from msfcnn.cli.parser import Outcome, Subparsers, new_verb
from msfcnn.errors import SUCCESS, MismatchError, MsfcnnError
from msfcnn.render import Block, Column, Table

NAME = "test"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "build a program, run it on its board, check its outputs and its RAM",
        "msfcnn test apps/digits/digits.onnx --board host,native64,hifive1b",
        "Exit code 4 means that a program ran and is wrong.",
    )
    add_program_options(parser)
    parser.add_argument(
        "--against-host",
        action="store_true",
        help="compare the board's outputs with the host's program, too",
    )


def run(args: argparse.Namespace) -> Outcome:
    """Try all boards, one after the other: they share this computer's time.

    A program passes if its outputs are the reference's, byte by byte, and it stays within its RAM.
    One that cannot be built or run does not keep the others from their turn.
    """
    from msfcnn.firmware import alone_in, try_out
    from msfcnn.verdict import program_report

    signal.signal(signal.SIGTERM, leave)
    requests = requests_of(args)
    tell_who_waits(requests)
    every: list[Mapping[str, Any]] = []
    codes = [SUCCESS]
    for request in requests:
        try:
            with alone_in(request.directory):  # what runs, and is reported, is what was built
                trial = try_out(request, args.against_host)
                found = program_report(trial.built)
                every.append(keep(found, request.directory, {"trial": trial.data()}))
            codes.append(SUCCESS if trial.passed else MismatchError.exit_code)
        except MsfcnnError as error:
            if len(requests) == 1:
                raise
            every.append({"board": request.board.name, "error": error_data(error)})
            codes.append(error.exit_code)
    return Outcome({"boards": every}, (_table(every),), max(codes))


def _table(every: Sequence[Mapping[str, Any]]) -> Block:
    """A row a check; a board whose program did not run has its reason instead."""
    columns = (Column("board"), Column("check"), Column(""), Column("found", wraps=True))
    rows: list[tuple[str, str, str, str]] = []
    for data in every:
        if "error" in data:
            rows.append((data["board"], "", "not run", reason(data["error"], data["board"])))
            continue
        name = data["board"]
        for check in data["trial"]["checks"]:
            rows.append((name, check["name"], "ok" if check["holds"] else "WRONG", check["what"]))
            name = ""
        time = data["trial"]["median_us"]
        if time is not None:
            rows.append(("", "time", "", f"{time / 1000:.3f} ms"))
    return Table(columns, tuple(rows))
