"""`msfcnn boards`: the boards to build for."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from msfcnn.cli.parser import Outcome, Subparsers, new_verb
from msfcnn.files import existing_file, write_atomically
from msfcnn.render import Column, Facts, Table
from msfcnn.sizes import format_size

if TYPE_CHECKING:
    from msfcnn.boards import Board

NAME = "boards"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "list the boards to build for",
        "msfcnn boards\nmsfcnn boards --table docs/boards.md",
    )
    parser.add_argument(
        "--table",
        metavar="FILE.md",
        type=Path,
        help="build three networks for all boards and write what they occupy (takes a while)",
    )
    parser.add_argument(
        "--digits",
        metavar="MODEL",
        type=Path,
        default=Path("apps/digits/digits.onnx"),
        help="the first of the three (default: apps/digits/digits.onnx)",
    )


def run(args: argparse.Namespace) -> Outcome:
    """List boards.yaml, or survey the boards."""
    from msfcnn.boards import load_boards

    boards = tuple(load_boards().values())
    if args.table:
        return _survey(args, boards)
    table = Table(
        columns=(
            Column("board"),
            Column("runner"),
            Column("instructions"),
            Column("RAM", right=True),
            Column("flash", right=True),
            Column("arena limit", right=True),
            Column("description", wraps=True),
        ),
        rows=tuple(
            (
                b.name,
                b.runner,
                b.isa,
                *map(_size, (b.ram, b.flash, b.default_max_ram)),
                b.description,
            )
            for b in boards
        ),
    )
    return Outcome({"boards": [asdict(board) for board in boards]}, (table,))


def _survey(args: argparse.Namespace, boards: tuple[Board, ...]) -> Outcome:
    from msfcnn.firmware.survey import networks, survey

    root = Path("build")
    models = networks(existing_file(str(args.digits)), root / "models")
    write_atomically(args.table, survey(boards, models, root))
    return Outcome({"table": str(args.table)}, (Facts((("table", str(args.table)),)),))


def _size(size: int | None) -> str:
    return "-" if size is None else format_size(size)
