"""`msfcnn report`: whether a model fits boards, how fast and how accurate it is; as a page, too."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msfcnn
from msfcnn.cli.dataset_text import dataset_blocks
from msfcnn.cli.generate import add_bounds
from msfcnn.cli.parser import Outcome, Subparsers, new_verb
from msfcnn.cli.preprocessing import add_picture_options, given_of
from msfcnn.cli.stored_reports import show_stored
from msfcnn.cli.verdict_text import verdict_table, why
from msfcnn.errors import SUCCESS, InfeasibleError, Problem, UsageError
from msfcnn.files import existing_file, existing_path, write_atomically
from msfcnn.options import INPUTS, Options
from msfcnn.render import Block, Facts, csv_text, progress_bars
from msfcnn.report import to_data

if TYPE_CHECKING:
    from msfcnn.verdict import BoardsReport

NAME = "report"
DEFAULT_BOARD = "nucleo-f767zi"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "say whether a model fits boards, how fast and how accurate it is there",
        "msfcnn report apps/digits/digits.onnx --board nucleo-f767zi,hifive1b -o report.html\n"
        "msfcnn report build/host/digits/report.json",
        "What RIOT takes is read from the last build of the same plan, else from a survey of\n"
        "programs that were built once. Given reports of `msfcnn build` or `msfcnn run --report`\n"
        "it shows them again. Exit code 3: the model fits none of the boards.",
    )
    parser.add_argument(
        "files",
        metavar="MODEL|FILE.json",
        type=Path,
        nargs="+",
        help="an int8 ONNX (QDQ) or TFLite file, or reports",
    )
    parser.add_argument(
        "--board", metavar="B,B...", help=f"names, or all (default: {DEFAULT_BOARD})"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE.html",
        type=Path,
        help="write a page with pictures of the plans, too",
    )
    parser.add_argument("--csv", metavar="FILE", type=Path, help="write the table as CSV, too")
    parser.add_argument(
        "--dataset",
        metavar="DIR|FILE",
        type=existing_path,
        help="classify these images: pictures, an .npz or an .npy file",
    )
    parser.add_argument(
        "--float",
        dest="float_model",
        metavar="FILE",
        type=existing_file,
        help="with --dataset: the float network that the model was made from",
    )
    parser.add_argument(
        "--count",
        action="store_true",
        help="count instructions on emulated processors instead of estimating them, where there "
        "are a compiler and an emulator",
    )
    parser.add_argument("--input", choices=INPUTS, default="image", help="default: image")
    parser.add_argument(
        "--root",
        metavar="DIR",
        type=Path,
        default=Path("build"),
        help="where `msfcnn build` keeps programs (default: build)",
    )
    add_bounds(parser)
    add_picture_options(parser)


def run(args: argparse.Namespace) -> Outcome:
    """A verdict on each board, or reports shown again.

    Sizes of RIOT come from the last build of the same plan or from a survey, times from a cost
    model, or with --count from an emulator; the table says which. No board is needed.
    """
    if all(path.suffix == ".json" for path in args.files):
        _refuse_options(args)
        return show_stored(args.files)
    model = _model_of(args)
    options = Options(max_ram=args.max_ram, max_macs=args.max_macs, input=args.input)
    with progress_bars() as bars:
        found = msfcnn.board_report(
            model,
            (args.board or DEFAULT_BOARD).split(","),
            options,
            dataset=args.dataset,
            float_model=args.float_model,
            preprocessing=given_of(args),
            builds=args.root,
            count=args.count,
            with_fronts=args.output is not None,
            watch=bars,
        )
    table = verdict_table(found)
    if args.output:
        from msfcnn.page import report_page

        write_atomically(args.output, report_page(found, _command(args)))
    if args.csv:
        write_atomically(args.csv, csv_text(table))
    blocks: tuple[Block, ...] = (table, why(found))
    if found.accuracy is not None:
        blocks += dataset_blocks(found.accuracy)
    if args.output:
        blocks += (Facts((("page", str(args.output)),)),)
    fits = any(verdict.fits for verdict in found.verdicts)
    return Outcome(_data(found), blocks, SUCCESS if fits else InfeasibleError.exit_code)


def _model_of(args: argparse.Namespace) -> Path:
    """The one model of the command. Raises UsageError for several, and for options that need
    more.
    """
    if len(args.files) > 1:
        names = " ".join(map(str, args.files))
        hint = "give one model, or only files that end in .json"
        raise UsageError(Problem(names, "are more than one model", hint))
    if args.float_model and not args.dataset:
        hint = "name a directory of pictures or an .npz file"
        raise UsageError(Problem("--float", "is for --dataset, which is missing", hint))
    return existing_file(str(args.files[0]))


def _refuse_options(args: argparse.Namespace) -> None:
    """Reports that were kept are shown as they are."""
    given = {
        "--board": args.board,
        "-o": args.output,
        "--csv": args.csv,
        "--dataset": args.dataset,
        "--float": args.float_model,
        "--count": args.count,
        "--input": args.input != INPUTS[0],
        "--max-ram": args.max_ram,
        "--max-macs": args.max_macs,
        **{f"--{name}": True for name in given_of(args)},
    }
    problems = [
        Problem(name, "goes with a model, not with reports", "give an .onnx or .tflite file")
        for name, value in given.items()
        if value
    ]
    if problems:
        raise UsageError(*problems)


def _data(found: BoardsReport) -> dict[str, object]:
    plans = tuple(replace(view, motions=()) for view in found.plans)  # `explain --json` has them
    data: dict[str, object] = to_data(replace(found, plans=plans))
    if found.accuracy is not None:
        data["accuracy"] = to_data(found.accuracy)
    return data


def _command(args: argparse.Namespace) -> str:
    """What makes the page again: this command, options with their usual value left out."""
    words = ["msfcnn", NAME, str(args.files[0]), "--board", args.board or DEFAULT_BOARD]
    options = {
        "--max-ram": args.max_ram,
        "--max-macs": args.max_macs,
        "--dataset": args.dataset,
        "--float": args.float_model,
        "-o": args.output,
    }
    for name, value in options.items():
        words += [] if value is None else [name, str(value)]
    words += ["--input", args.input] if args.input != "image" else []
    words += ["--count"] if args.count else []
    for name, value in given_of(args).items():
        text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        words += [f"--{name}", text]
    return shlex.join(words)
