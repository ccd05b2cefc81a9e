"""What all verbs have in common: --json, a help text with an example, errors as data."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from msfcnn.errors import Problem, UsageError
from msfcnn.files import existing_file
from msfcnn.render import Block
from msfcnn.suggest import did_you_mean

COMMAND = "COMMAND"  # what help texts call a verb

Subparsers: TypeAlias = "argparse._SubParsersAction[Parser]"


@dataclass(frozen=True)
class Outcome:
    """What a verb found: for programs (`data`, JSON values) and for people (`blocks`).

    exit_code: other than 0 where the verb did its work and the answer is bad news, such as a model
    that fits no board; what keeps it from its work is raised.
    """

    data: Mapping[str, object]
    blocks: tuple[Block, ...]
    exit_code: int = 0


Run = Callable[[argparse.Namespace], Outcome]


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are raised like all others, not printed."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Refuse what is left over here, where the options of the command are known."""
        found, extra = super().parse_known_args(args, namespace)
        if extra:
            options = [word.partition("=")[0] for word in extra if word.startswith("-")]
            known = [option for action in self._actions for option in action.option_strings]
            see = f"see: {self.prog} --help"
            raise UsageError(
                *(
                    Problem(self.prog, f"unknown option {word}", did_you_mean(word, known, see))
                    for word in options
                ),
                *(
                    Problem(self.prog, f"unrecognized argument: {word}", see)
                    for word in extra
                    if not options
                ),
            )
        return found, extra

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print; a wrong command or choice names the closest one."""
        see = f"see: {self.prog} --help"
        wrong = re.fullmatch(r"argument (.+): invalid choice: '(.*)' \(choose from (.*)\)", message)
        if wrong:
            where, given, known = wrong.groups()
            choices = known.replace("'", "").split(", ")
            if where == COMMAND:
                message = f"there is no command '{given}'"
            see = did_you_mean(given, choices, see)
        raise UsageError(Problem(self.prog, message, see))


def new_verb(
    subparsers: Subparsers, name: str, run: Run, summary: str, example: str, details: str = ""
) -> Parser:
    """A verb with its help text and --json; the caller adds its own arguments.

    summary: begins with a small letter, without a full stop. example: command lines, one a line.
    details: what stands below the summary in --help, such as exit codes.
    """
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


def add_model(parser: Parser, what: str = "int8 ONNX (QDQ) or TFLite file") -> None:
    """The argument MODEL: a file that must exist."""
    parser.add_argument("model", metavar="MODEL", type=existing_file, help=what)
