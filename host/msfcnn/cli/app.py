"""Picks the verb, runs it, and turns its outcome or its error into text and an exit code."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import traceback
import warnings
from collections.abc import Mapping, Sequence

import msfcnn
from msfcnn.cli import (
    bench,
    boards,
    build,
    completion,
    demo,
    doctor,
    explain,
    flash,
    generate,
    import_check,
    inspect,
    nightly,
    ops,
    plan,
    quantize,
    report,
    run,
    term,
    test,
    verify,
    zoo,
)
from msfcnn.cli.failure import as_user_error, error_data
from msfcnn.cli.notes import Notes
from msfcnn.cli.parser import COMMAND, Outcome, Parser
from msfcnn.errors import ModelNote
from msfcnn.render import error_text, to_text

SCHEMA_VERSION = 2  # of the JSON that --json prints; rises when a field changes its meaning
INTERRUPTED = 130
READER_GONE = 141  # what a shell reports for a process that a closed pipe ended

_BUILDING = (generate, build, flash, term, test, run, report, verify, bench)
VERBS = (
    inspect,
    ops,
    plan,
    explain,
    *_BUILDING,
    nightly,
    quantize,
    import_check,
    zoo,
    boards,
    doctor,
    demo,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code and never raises."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _tolerate_any_name()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return READER_GONE
    return code


def build_parser() -> Parser:
    """The whole command line, made anew for each call.

    Verbs import most of what they need in their `run`, so that --help and completion are quick.
    """
    parser = Parser(
        prog="msfcnn",
        description="Runs int8 CNNs on RIOT OS boards in a fraction of the RAM.",
        epilog="example:\n  msfcnn inspect apps/digits/digits.onnx",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"msfcnn {msfcnn.__version__}")
    subparsers = parser.add_subparsers(
        dest="verb", metavar=COMMAND, required=True, parser_class=Parser
    )
    for verb in VERBS:
        verb.add_parser(subparsers)
    completion.add_parser(subparsers, build_parser)
    return parser


def _run(arguments: list[str]) -> int:
    """Runs one command; every way it may end is an exit code.

    --json is looked for before the options are parsed, so that a wrong option is told as JSON, too.
    KeyboardInterrupt and BrokenPipeError are left to `main`.
    """
    as_json = "--json" in arguments
    subject = ""
    try:
        args = build_parser().parse_args(arguments)
        subject = str(getattr(args, "model", None) or "")
        with warnings.catch_warnings():
            warnings.showwarning = Notes(warnings.showwarning)
            warnings.simplefilter("always", ModelNote)
            outcome: Outcome = args.run(args)
        _show(outcome, as_json)
        return outcome.exit_code
    except SystemExit as stop:  # --help and --version
        return stop.code if isinstance(stop.code, int) else 0
    except BrokenPipeError:
        raise
    except Exception as error:
        return _report(error, subject, as_json)


def _show(outcome: Outcome, as_json: bool) -> None:
    """Blocks for people, as wide as their terminal; the same outcome as JSON for programs."""
    if as_json:
        _print_json(outcome.data)
        return
    terminal = sys.stdout.isatty()
    plain = os.environ.get("NO_COLOR", "") != "" or os.environ.get("TERM") == "dumb"
    width = shutil.get_terminal_size().columns if terminal else None
    sys.stdout.write(to_text(outcome.blocks, width, color=terminal and not plain))


def _print_json(data: Mapping[str, object]) -> None:
    """One object with the schema's version. Infinite numbers are a defect: JSON has none."""
    text = json.dumps({"schema_version": SCHEMA_VERSION, **data}, indent=2, allow_nan=False)
    sys.stdout.write(text + "\n")


def _report(error: Exception, subject: str, as_json: bool) -> int:
    """Writes the error where people look, and as data where a program asked; returns the exit
    code.
    """
    if os.environ.get("MSFCNN_DEBUG") == "1":
        traceback.print_exception(error, file=sys.stderr)
    failure = as_user_error(error)
    sys.stderr.write(error_text(failure.problems, subject))
    if as_json:
        _print_json({"error": error_data(failure)})
    return failure.exit_code


def _tolerate_any_name() -> None:
    """Escape characters that the output's encoding lacks instead of failing on them.

    Names of nodes are whatever an exporter wrote, and a pipe under LANG=C takes ASCII only.
    """
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _drop_output() -> None:
    """Let the interpreter flush what is left into nowhere when it exits.

    Its own flush at the end would fail on the closed pipe again, with a message and exit code 120.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
