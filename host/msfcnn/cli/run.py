"""`msfcnn run`: a compiled program on test images.

The last step of `scons` for the host. The program is a separate process that reads images and
writes outputs; here they are compared with the labels and its time is taken.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import msfcnn
from msfcnn.cli.generate import add_plan_options, options_of
from msfcnn.cli.parser import Outcome, Subparsers, add_model, new_verb
from msfcnn.cli.stored_reports import run_blocks
from msfcnn.files import existing_file, write_atomically
from msfcnn.report import to_data

NAME = "run"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "run a program that was built for this computer on test images, and measure it",
        "msfcnn run apps/digits/digits.onnx --program build/host/digits/runner",
        "The plan options must be those the program was generated with.",
    )
    add_model(parser)
    parser.add_argument(
        "--program", metavar="FILE", type=existing_file, required=True, help="built by scons"
    )
    parser.add_argument(
        "--images",
        metavar="FILE.npz",
        type=existing_file,
        help="images to run (default: NAME_test.npz beside NAME.onnx, or random ones)",
    )
    parser.add_argument(
        "--objects",
        metavar="FILE.o",
        type=existing_file,
        nargs="+",
        default=[],
        help="object files of the program, for sizes",
    )
    parser.add_argument("--report", metavar="FILE", type=Path, help="keep the result as JSON")
    add_plan_options(parser)


def run(args: argparse.Namespace) -> Outcome:
    """Run the program, report what it did."""
    found = msfcnn.run(args.model, args.program, options_of(args), args.images, args.objects)
    data = to_data(found)
    if args.report:
        write_atomically(args.report, json.dumps(data, indent=2) + "\n")
        return Outcome(data, ())
    return Outcome(data, run_blocks(found))
