"""`msfcnn plan`: the stages that a network is run in, and the trade-off of RAM and MACs.

Options become Options (generate.py), the API plans, plan_text.py shows. No code is written.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import msfcnn
from msfcnn.cli.generate import add_plan_options, options_of
from msfcnn.cli.parser import Outcome, Subparsers, add_model, new_verb
from msfcnn.cli.plan_text import pareto_blocks, plan_blocks
from msfcnn.errors import Problem, UsageError
from msfcnn.files import write_atomically
from msfcnn.render import Table, csv_text, progress
from msfcnn.report import to_data

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
        help="plan for a board: its kernels and, without a bound, its RAM limit; estimates the "
        "time at its clock",
    )
    parser.add_argument(
        "--pareto",
        action="store_true",
        help="the Pareto front: all trade-offs of RAM and MACs that no other one beats, within "
        "the bounds given",
    )
    parser.add_argument(
        "--plot",
        metavar="FILE.svg|png",
        type=_picture,
        help="draw RAM against MACs and time: all trade-offs, the plan, the paper's",
    )
    parser.add_argument(
        "--csv", metavar="FILE", type=Path, help="write the stages, or the front, as CSV, too"
    )


def run(args: argparse.Namespace) -> Outcome:
    """Plan, or find the whole front.

    --csv writes the table that is shown. Raises InfeasibleError where no plan keeps the bounds; it
    names the least RAM that would do.
    """
    options = options_of(args)
    with progress("planning"):
        outcome = _front(args, options) if args.pareto else _plan(args, options)
        if args.plot:
            from msfcnn.page import front_svg, png_of

            boards = (args.board,) if args.board else ()
            svg = front_svg(msfcnn.fronts(args.model, options, boards))
            write_atomically(args.plot, png_of(svg) if args.plot.suffix == ".png" else svg)
    if args.csv:
        table = next(block for block in outcome.blocks if isinstance(block, Table))
        write_atomically(args.csv, csv_text(table))
    return outcome


def _picture(text: str) -> Path:
    """The file of a picture; its name says which kind. Raises UsageError for other names."""
    path = Path(text)
    if path.suffix not in (".svg", ".png"):
        raise UsageError(Problem("--plot", f"{text} is no picture", "end it in .svg or .png"))
    return path


def _front(args: argparse.Namespace, options: msfcnn.Options) -> Outcome:
    found = msfcnn.pareto(args.model, options)
    return Outcome(to_data(found), pareto_blocks(found))


def _plan(args: argparse.Namespace, options: msfcnn.Options) -> Outcome:
    found = msfcnn.plan(args.model, options, args.board)
    return Outcome(to_data(found), plan_blocks(found))
