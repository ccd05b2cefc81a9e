"""`msfcnn boards`: the boards to build for."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from msfcnn.cli.parser import Outcome, Subparsers, new_verb
from msfcnn.render import Column, Table
from msfcnn.sizes import format_size

NAME = "boards"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    new_verb(
        subparsers,
        NAME,
        run,
        "list the boards to build for",
        "msfcnn boards",
    )


def run(_args: argparse.Namespace) -> Outcome:
    """List boards.yaml."""
    from msfcnn.boards import load_boards

    boards = tuple(load_boards().values())
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


def _size(size: int | None) -> str:
    return "-" if size is None else format_size(size)
