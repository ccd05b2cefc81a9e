"""`msfcnn term`: talk to a board."""

from __future__ import annotations

import argparse
import subprocess

from msfcnn.cli.build import add_program_options, requests_of
from msfcnn.cli.parser import Outcome, Subparsers, new_verb
from msfcnn.errors import BoardError, Problem, UsageError

NAME = "term"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "build a program and open RIOT's terminal on its board",
        "msfcnn term apps/digits/digits.onnx --board native64",
    )
    add_program_options(parser)


def run(args: argparse.Namespace) -> Outcome:
    """Build, then hand this terminal to RIOT's `make term`.

    Raises UsageError for several boards and for the host, BoardError if the terminal fails.
    """
    from msfcnn.firmware import build, firmware, make_command

    requests = requests_of(args)
    if len(requests) > 1:
        raise UsageError(Problem("--board", "one terminal shows one board", "name one board"))
    (request,) = requests
    if request.board.runner == "host":
        hint = "use board=native64, which is RIOT on this computer"
        raise UsageError(Problem("host", "has no terminal", hint))
    build(request)
    command, env = make_command(firmware(request), "term")
    done = subprocess.run(command, env=env, check=False)
    if done.returncode:
        what = f"RIOT's terminal ended with exit code {done.returncode}"
        raise BoardError(Problem(request.board.name, what))
    return Outcome({"board": request.board.name}, ())
