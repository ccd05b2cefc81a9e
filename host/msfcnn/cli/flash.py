"""`msfcnn flash`: a program onto its board."""

from __future__ import annotations

import argparse

from msfcnn.cli.build import add_program_options, keep, requests_of, tell_who_waits
from msfcnn.cli.occupancy import board_table
from msfcnn.cli.parser import Outcome, Subparsers, new_verb
from msfcnn.errors import Problem, UsageError

NAME = "flash"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "build a program and write it to its board",
        "msfcnn flash apps/digits/digits.onnx --board nucleo-f767zi",
    )
    add_program_options(parser)


def run(args: argparse.Namespace) -> Outcome:
    """Build, write, show what it occupies.

    Boards that have no flash to be written (emulated ones, the host) are refused before any is
    built. Raises UsageError.
    """
    from msfcnn.firmware import alone_in, build, firmware, flash
    from msfcnn.verdict import program_report

    requests = requests_of(args)
    problems = [
        Problem(
            r.board.name,
            f"has nothing to flash: its runner is {r.board.runner}",
            "msfcnn test runs a program there",
        )
        for r in requests
        if r.board.runner != "serial"
    ]
    if problems:
        raise UsageError(*problems)
    tell_who_waits(requests)
    every, tables = [], []
    for request in requests:
        with alone_in(request.directory):  # what is flashed is what was built
            found = program_report(build(request))
            every.append(keep(found, request.directory))
            tables.append(board_table(found))
            flash(firmware(request))
    return Outcome({"boards": every}, tuple(tables))
