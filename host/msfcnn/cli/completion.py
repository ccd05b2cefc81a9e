"""`msfcnn completion`: what a shell needs to complete commands, options, files and boards.

shtab writes the scripts from the parser. It has to be told which arguments are files, and it gets
the boards of boards.yaml as choices, though only while the script is written.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from msfcnn.cli.parser import Outcome, Parser, Subparsers, new_verb
from msfcnn.files import existing_file, existing_path
from msfcnn.render import Verbatim

NAME = "completion"
SHELLS = ("bash", "zsh", "tcsh")
_PATHS: tuple[object, ...] = (Path, existing_file, existing_path)


def add_parser(subparsers: Subparsers, whole: Callable[[], Parser]) -> None:
    """Add the verb to the command line; `whole` makes the command line that is completed."""

    def run(args: argparse.Namespace) -> Outcome:
        script = completion_script(whole(), args.shell)
        return Outcome({"shell": args.shell, "script": script}, (Verbatim(script),))

    parser = new_verb(
        subparsers,
        NAME,
        run,
        "print a script that makes a shell complete commands and options",
        "msfcnn completion bash > ~/.local/share/bash-completion/completions/msfcnn",
    )
    parser.add_argument("shell", choices=SHELLS)


def completion_script(parser: Parser, shell: str) -> str:
    """The script for a shell."""
    import shtab

    from msfcnn.boards import load_boards

    for action in _actions(parser):
        if action.type in _PATHS:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.dest == "board" and action.choices is None:
            action.choices = list(load_boards())
    return str(shtab.complete(parser, shell=shell))


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Of the command line and of every verb."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for verb in action.choices.values():
                yield from _actions(verb)
        else:
            yield action
