"""`msfcnn doctor`: what is installed, what boards lack, and the commands that install it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import msfcnn
from msfcnn.cli.parser import Outcome, Subparsers, new_verb
from msfcnn.errors import SUCCESS, BoardError
from msfcnn.render import Block, Column, Table, progress_bars
from msfcnn.report import to_data

if TYPE_CHECKING:
    from msfcnn.report import Health, Need

NAME = "doctor"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "say what is installed, what boards lack, and how to install it",
        "msfcnn doctor --board hifive1b,nucleo-f767zi",
        "Exit code 5: a board that was named lacks something.",
    )
    parser.add_argument("--board", metavar="B,B...", help="names, or all (default: all)")


def run(args: argparse.Namespace) -> Outcome:
    """Look for everything.

    Without --board what is missing is no error: nobody needs all toolchains.
    """
    with progress_bars() as bars:
        found = msfcnn.doctor((args.board or "all").split(","), watch=bars)
    lacking = args.board is not None and any(board.missing for board in found.boards)
    code = BoardError.exit_code if lacking else SUCCESS
    return Outcome(to_data(found), _blocks(found), code)


def _blocks(found: Health) -> tuple[Block, ...]:
    """What is installed, and what each board lacks."""
    columns = (Column("what"), Column("for"), Column("found"), Column("to install", wraps=True))
    needs = tuple(_row(need) for need in found.needs)
    heads = (Column("board"), Column("lacks"), Column("for"), Column("to install", wraps=True))
    boards = tuple(row for board in found.boards for row in _board_rows(board.board, board.missing))
    return (Table(columns, needs), Table(heads, boards))


def _row(need: Need) -> tuple[str, ...]:
    return (need.name, need.purpose, need.found or "MISSING", "" if need.found else need.install)


def _board_rows(board: str, missing: tuple[Need, ...]) -> list[tuple[str, ...]]:
    """A row for each thing that is missing; the board's name stands in the first only."""
    if not missing:
        return [(board, "nothing", "", "")]
    names = (board, *[""] * (len(missing) - 1))
    return [
        (name, need.name, need.purpose, need.install)
        for name, need in zip(names, missing, strict=True)
    ]
