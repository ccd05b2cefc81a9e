"""What all verbs have in common: --json, a help text with an example, errors as data."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from msfcnn.errors import Problem, UsageError
from msfcnn.files import existing_file
from msfcnn.render import Block

Subparsers: TypeAlias = "argparse._SubParsersAction[Parser]"


@dataclass(frozen=True)
class Outcome:
    """What a verb found: for programs (`data`, JSON values) and for people (`blocks`)."""

    data: Mapping[str, object]
    blocks: tuple[Block, ...]
    exit_code: int = 0


Run = Callable[[argparse.Namespace], Outcome]


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are raised like all others, not printed."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        raise UsageError(Problem(self.prog, message, f"see: {self.prog} --help"))


def new_verb(
    subparsers: Subparsers, name: str, run: Run, summary: str, example: str, details: str = ""
) -> Parser:
    """A verb with its help text and --json; the caller adds its own arguments."""
    parser = subparsers.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.\n{details}".strip(),
        epilog="example:\n" + "\n".join(f"  {line}" for line in example.splitlines()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.set_defaults(run=run)
    return parser


def add_model(parser: Parser, what: str = "int8 QDQ ONNX file") -> None:
    """The argument MODEL: a file that must exist."""
    parser.add_argument("model", metavar="MODEL", type=existing_file, help=what)
