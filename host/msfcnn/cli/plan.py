"""`msfcnn plan`: the stages that a network is run in, and the trade-off of RAM and MACs."""

from __future__ import annotations

import argparse

import msfcnn
from msfcnn.cli.generate import add_plan_options, options_of
from msfcnn.cli.parser import Outcome, Subparsers, add_model, new_verb
from msfcnn.cli.plan_text import pareto_blocks, plan_blocks
from msfcnn.render import progress
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


def run(args: argparse.Namespace) -> Outcome:
    """Plan, or find the whole front."""
    options = options_of(args)
    with progress("planning"):
        if args.pareto:
            front = msfcnn.pareto(args.model, options)
            return Outcome(to_data(front), pareto_blocks(front))
        found = msfcnn.plan(args.model, options, args.board)
        return Outcome(to_data(found), plan_blocks(found))
