"""`msfcnn demo`: a network on this computer, one on a small emulated board, and their report."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msfcnn
from msfcnn.cli.parser import Outcome, Subparsers, new_verb
from msfcnn.errors import AbsentError, MismatchError, Problem
from msfcnn.files import write_all, write_atomically
from msfcnn.render import Facts
from msfcnn.resources import ROOT
from msfcnn.sizes import format_size

if TYPE_CHECKING:
    from msfcnn.firmware import Trial

NAME = "demo"
BOARD = "hifive1b"
COMPARED = (BOARD, "nrf52840dk", "nucleo-f767zi", "microbit")
_DIGITS = ROOT / "apps" / "digits" / "digits.onnx"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "show what msfcnn does, in about a minute",
        "msfcnn demo",
        "Classifies digits on this computer; runs a network of the size of person detection\n"
        "(96 x 96 pixels, 7 million MACs, random weights) on an emulated RISC-V board with 16 KB\n"
        "of RAM, if RIOT, QEMU and a compiler are there; writes a report page.",
    )
    parser.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("build/demo"), help="default: build/demo"
    )


def run(args: argparse.Namespace) -> Outcome:
    """Three steps, each told as it begins.

    The first needs no more than a C compiler. Where something is missing for the board, the second
    says so and the demo goes on. Raises MismatchError where the board computes something wrong.
    """
    _say("1. handwritten digits on this computer")
    digits = _on_host(args.out)
    _say("2. a network of person-detection size on 16 KB of RAM")
    model = _network(args.out)
    board = _on_board(model, args.out)
    _say("3. the report")
    page = _page(model, args.out)
    facts = (("digits", digits), (BOARD, board), ("report", str(page)))
    return Outcome(dict(facts), (Facts(facts),))


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _on_host(directory: Path) -> str:
    """Builds and runs the digits on this computer; a line about accuracy and memory."""
    from msfcnn.boards import find_board
    from msfcnn.firmware import Request, build

    request = Request(board=find_board("host"), model=_DIGITS, root=directory)
    built = build(request)
    found = msfcnn.run(_DIGITS, built.program, request.options)
    right = "" if found.accuracy is None else f", {found.accuracy:.1%} right"
    arena, image = format_size(found.peak_ram), format_size(found.input_bytes)
    return f"{found.images} images in {arena} bytes of arena beside {image} of image{right}"


def _network(directory: Path) -> Path:
    """A larger network from the zoo, for the page that compares boards."""
    from msfcnn import zoo

    model = zoo.build("mobilenetv1", width=0.25, resolution=96, channels=1)
    write_all(directory, {"mobilenet96.onnx": model.SerializeToString()})
    return directory / "mobilenet96.onnx"


def _on_board(model: Path, directory: Path) -> str:
    """Runs on an emulated board, or says what is not installed for it."""
    from msfcnn.boards import find_board
    from msfcnn.firmware import Request, try_out

    lacking = [n.name for b in msfcnn.doctor([BOARD]).boards for n in b.missing]
    if lacking:
        return f"left out, {', '.join(lacking)} missing: see msfcnn doctor --board {BOARD}"
    try:
        return _told(try_out(Request(board=find_board(BOARD), model=model, root=directory)))
    except AbsentError as error:
        return f"left out: {error.problems[0].what}"


def _told(trial: Trial) -> str:
    """A line about a run that passed. Raises MismatchError with what did not hold."""
    if not trial.passed:
        wrong = [Problem(check.name, check.what) for check in trial.checks if not check.holds]
        raise MismatchError(*wrong)
    tally, images = trial.built.tally, len(trial.results.outputs)
    used = "" if tally is None else f" in {tally.ram:,} of {tally.ram_limit or 0:,} bytes of RAM"
    arena = format_size(trial.built.planned.peak_ram)
    return f"{images} outputs equal to the reference{used}, {arena} of them arena"


def _page(model: Path, directory: Path) -> Path:
    """Writes the report page on a few boards and returns its path."""
    from msfcnn.page import report_page

    command = f"msfcnn report {model} --board {','.join(COMPARED)} -o {directory / 'report.html'}"
    found = msfcnn.board_report(model, COMPARED, builds=directory, with_fronts=True)
    write_atomically(directory / "report.html", report_page(found, command))
    return directory / "report.html"
