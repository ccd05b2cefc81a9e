"""Reads boards.yaml and finds boards in it.

Nothing is cached: the file is small, and it or the environment may change while a caller lives.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from msfcnn.boards.board import Board
from msfcnn.errors import BoardError, Problem, UsageError
from msfcnn.resources import ROOT
from msfcnn.suggest import did_you_mean
from msfcnn.yamlfile import Unreadable, parse, read_yaml

OWN_BOARDS = "MSFCNN_BOARDS"  # environment: a file of boards at this site

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_FILE = ROOT / "boards.yaml"


def load_boards(path: Path | None = None) -> Mapping[str, Board]:
    """All boards of a file, by name; None means the project's, and those of $MSFCNN_BOARDS.

    Raises BoardError with everything that is wrong with any entry, UsageError if a file cannot be
    read.

    The keys that $MSFCNN_BOARDS gives to a board of the project replace the project's; another
    isa does away with the project's core, too.
    """
    entries = dict(_read(path or _FILE))
    file = dict.fromkeys(entries, (path or _FILE).name)
    site = os.environ.get(OWN_BOARDS) if path is None else None
    if site:
        for name, entry in _read(Path(site)).items():
            both = isinstance(entry, dict) and isinstance(entries.get(name), dict)
            entries[name] = _replaced(entries[name], entry) if both else entry
            file[name] = Path(site).name
    problems: list[Problem] = []
    boards = [_board(f"{file[name]}: {name}", name, entries[name], problems) for name in entries]
    if problems:
        raise BoardError(*problems)
    return {board.name: board for board in boards if board}


def _replaced(entry: dict[object, object], own: dict[object, object]) -> dict[object, object]:
    """An entry of the project with the keys of one's own; a core belongs to an isa."""
    return {**{key: v for key, v in entry.items() if key != "core" or "isa" not in own}, **own}


def _board(where: str, name: object, entry: object, problems: list[Problem]) -> Board | None:
    """The board of an entry; what is wrong with it is added to the problems."""
    if not isinstance(entry, dict):
        hint = "write description, runner, isa below the name, indented, each as 'key: value'"
        problems.append(Problem(where, "has no keys", hint))
        return None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        hint = "use lower-case letters, digits, - and _, such as nucleo-f767zi"
        problems.append(Problem(where, f"{name!r} is not a board name", hint))
    if "name" in entry:
        problems.append(Problem(where, "unknown key 'name'", "the name stands before the keys"))
    # a key without a value, such as `usb:`, takes one away that the project's entry has
    given = {key: value for key, value in entry.items() if value is not None}
    board = parse(Board, {**given, "name": str(name)}, where, problems)
    if board:
        problems.extend(Problem(where, what, hint) for what, hint in board.contradictions())
    return board


def find_board(name: str, path: Path | None = None) -> Board:
    """The board of that name. Raises BoardError, which lists all boards and the closest match."""
    boards = load_boards(path)
    if name in boards:
        return boards[name]
    hint = f"{did_you_mean(name, boards)} the boards are: {', '.join(boards)}".strip()
    raise BoardError(Problem("board", f"there is no board '{name}'", hint))


def find_boards(names: str, path: Path | None = None) -> tuple[Board, ...]:
    """Boards by their names with commas between, or "all"; BoardError names every unknown one.

    In the order given, each once: find_boards("host, native64,host") gives two.
    """
    boards = load_boards(path)
    if names == "all":
        return tuple(boards.values())
    found: list[Board] = []
    problems: list[Problem] = []
    for name in dict.fromkeys(name.strip() for name in names.split(",")):
        try:
            found.append(boards[name] if name in boards else find_board(name, path))
        except BoardError as error:
            problems.extend(error.problems)
    if problems:
        raise BoardError(*problems)
    return tuple(found)


def _read(path: Path) -> dict[object, dict[object, object]]:
    """The entries of a boards file. Raises BoardError, or UsageError if it cannot be read."""
    try:
        content = read_yaml(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(Problem(str(path), f"cannot be read: {reason}")) from error
    except Unreadable as error:
        raise BoardError(error.problem) from error
    if not isinstance(content, dict) or not content:
        hint = "write one entry a board: its name and a colon, its keys indented below"
        raise BoardError(Problem(path.name, "holds no boards", hint))
    return content
