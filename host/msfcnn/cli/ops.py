"""`msfcnn ops`: the ONNX operators that can be imported.

The texts are those of the importers, beside the code that holds them (msfcnn.nodes.Importer).
docs/ops.md is written by this verb, and a test compares the two.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import msfcnn
from msfcnn.cli.parser import Outcome, Subparsers, new_verb
from msfcnn.errors import Problem, UsageError
from msfcnn.render import Column, Table, Verbatim

if TYPE_CHECKING:
    from msfcnn.nodes import Importer

NAME = "ops"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "list the supported ONNX operators and their constraints",
        "msfcnn ops\nmsfcnn ops --markdown > docs/ops.md",
    )
    parser.add_argument("--markdown", action="store_true", help="print docs/ops.md")


def run(args: argparse.Namespace) -> Outcome:
    """List the operators as a table, JSON or Markdown."""
    supported = msfcnn.operators()
    if args.markdown and args.json:
        raise UsageError(Problem("--markdown", "does not go with --json", "give one of them"))
    data = {
        "operators": [
            {"op": s.kind, "becomes": s.becomes, "constraints": list(s.constraints)}
            for s in supported
        ]
    }
    return Outcome(data, (Verbatim(markdown(supported)) if args.markdown else _table(supported),))


def markdown(supported: tuple[Importer, ...]) -> str:
    """The text of docs/ops.md."""
    lines = [
        "# Supported ONNX operators",
        "",
        "<!-- Written by `msfcnn ops --markdown > docs/ops.md`; do not edit. -->",
        "",
        "A model is an int8 QDQ network with static shapes and one image per batch. What is not",
        "listed here is refused with the name of the node, everything at once.",
        "",
        "| operator | becomes | constraints |",
        "|---|---|---|",
    ]
    for s in supported:
        cells = (s.kind, s.becomes, "; ".join(s.constraints))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _table(supported: tuple[Importer, ...]) -> Table:
    return Table(
        columns=(
            Column("operator"),
            Column("becomes", wraps=True),
            Column("constraints", wraps=True),
        ),
        rows=tuple((s.kind, s.becomes, "; ".join(s.constraints)) for s in supported),
    )
