"""`msfcnn explain`: a stage of a plan in motion, line by line."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import msfcnn
from msfcnn.cli.generate import add_plan_options, options_of
from msfcnn.cli.parser import Outcome, Subparsers, add_model, new_verb
from msfcnn.errors import Problem, UsageError
from msfcnn.render import Block, Column, Table, Verbatim
from msfcnn.report import to_data

if TYPE_CHECKING:
    from msfcnn.report import Lines, MovingStage

NAME = "explain"
SHOWN = 4  # moments, where none is named
WIDTH = 40  # characters of a picture


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "step through a stage: which lines of which tensor are resident, computed, dead",
        "msfcnn explain apps/digits/digits.onnx --max-ram 6K --stage 1 --line 3",
        "`msfcnn plan` with the same options shows the stages.",
    )
    add_model(parser)
    parser.add_argument(
        "--stage", metavar="N", type=int, default=1, help="which, from 1 on (default: 1)"
    )
    parser.add_argument(
        "--line",
        metavar="L",
        type=int,
        action="append",
        help=f"after line L of the output, from 0 on; may be repeated (default: {SHOWN} of them)",
    )
    parser.add_argument("--board", metavar="B", help="plan for a board, as `plan --board` does")
    add_plan_options(parser)


def run(args: argparse.Namespace) -> Outcome:
    """Show the moments that were asked for.

    A moment is the state of all windows of the stage after one line of its output.
    """
    found = msfcnn.explain(args.model, args.stage, options_of(args), args.board)
    chosen = _chosen(args.line, len(found.moments))
    return Outcome(to_data(found), (_head(found), *(_moment(found, line) for line in chosen)))


def _chosen(lines: list[int] | None, count: int) -> list[int]:
    """The lines to show: those asked for, or some that are spread evenly. Raises UsageError."""
    if lines is None:
        return sorted({round(i * (count - 1) / (SHOWN - 1)) for i in range(SHOWN)})
    wrong = [line for line in lines if not 0 <= line < count]
    if wrong:
        hint = f"give 0 to {count - 1}"
        raise UsageError(*(Problem("--line", f"there is no line {n}", hint) for n in wrong))
    return lines


def _head(found: MovingStage) -> Block:
    """The stage in a sentence, and what the characters of the pictures mean."""
    bands = f", swept {found.bands} times, a band each time" if found.bands > 1 else ""
    return Verbatim(
        f"stage {found.number}: {' '.join(found.ops) or 'load'}\n"
        f"{found.scheme}: line by line, a line is a {found.unit}{bands}\n"
        ". dead   # resident   + computed now (needed)   - computed now (not needed any more)\n"
    )


def _moment(found: MovingStage, line: int) -> Block:
    """The tensors after one line of the output: what is computed, kept and dead."""
    columns = (
        Column("tensor", wraps=True),
        *(Column(title, right=True) for title in ("lines", "computed", "resident", "window")),
        Column("first line to last"),
    )
    rows = tuple(_row(lines) for lines in found.moments[line])
    return Table(columns, rows, title=f"after line {line} of the output")


def _row(lines: Lines) -> tuple[str, ...]:
    """A tensor's lines at one moment, as numbers and as a picture."""
    new = _range(lines.before, lines.written)
    kept = _range(lines.dead, lines.written)
    room = "" if lines.room is None else f"{lines.room} lines"
    return (lines.tensor, str(lines.lines), new, kept, room, _picture(lines))


def _range(begin: int, end: int) -> str:
    """Lines begin to end, the last one left out, as people write them: 3-5, or 3, or a dash."""
    if begin >= end:
        return "-"
    return str(begin) if end == begin + 1 else f"{begin}-{end - 1}"


def _picture(lines: Lines) -> str:
    """A character a line, or for several where there are many: what holds of the last of them."""
    per = -(-lines.lines // WIDTH)
    ends = range(per, lines.lines + per, per)
    return "".join(_mark(lines, min(end, lines.lines) - 1) for end in ends)


def _mark(lines: Lines, line: int) -> str:
    """One character of the picture for one line of a tensor; a space: not computed yet."""
    if line >= lines.written:
        return " "
    dead = line < lines.dead
    if line >= lines.before:
        return "-" if dead else "+"
    return "." if dead else "#"
