"""Reads boards.yaml and finds boards in it."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from pathlib import Path

import yaml

from msfcnn.boards.board import Board, make_board
from msfcnn.boards.rules import board_problems
from msfcnn.errors import BoardError, Problem, UsageError
from msfcnn.resources import ROOT
from msfcnn.suggest import did_you_mean

OWN_BOARDS = "MSFCNN_BOARDS"  # environment: a file of boards at this site

_FILE = ROOT / "boards.yaml"


def load_boards(path: Path | None = None) -> Mapping[str, Board]:
    """All boards of a file, by name; None means the project's, and those of $MSFCNN_BOARDS.

    The keys that $MSFCNN_BOARDS gives to a board of the project replace the project's.
    """
    entries = dict(_read(path or _FILE))
    file = dict.fromkeys(entries, (path or _FILE).name)
    site = os.environ.get(OWN_BOARDS) if path is None else None
    if site:
        for name, entry in _read(Path(site)).items():
            both = isinstance(entry, dict) and isinstance(entries.get(name), dict)
            entries[name] = {**entries[name], **entry} if both else entry
            file[name] = Path(site).name
    problems: list[Problem] = []
    for name, entry in entries.items():
        problems.extend(board_problems(f"{file[name]}: {name}", name, entry))
    if problems:
        raise BoardError(*problems)
    return {str(name): make_board(str(name), entry) for name, entry in entries.items()}


def find_board(name: str, path: Path | None = None) -> Board:
    """The board of that name; the error lists all boards and the closest match."""
    boards = load_boards(path)
    if name in boards:
        return boards[name]
    hint = f"{did_you_mean(name, boards)} the boards are: {', '.join(boards)}".strip()
    raise BoardError(Problem("board", f"there is no board '{name}'", hint))


def find_boards(names: str, path: Path | None = None) -> tuple[Board, ...]:
    """Boards by their names with commas between, or all; every unknown one is reported."""
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


class _Loader(yaml.SafeLoader):
    """YAML without its silent acceptance of a key given twice."""

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, object]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable):
                if key in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"the key '{key}' is given twice", problem_mark=key_node.start_mark
                    )
                seen.add(key)
        return super().construct_mapping(node, deep)


def _read(path: Path) -> dict[object, dict[object, object]]:
    try:
        content = yaml.load(path.read_bytes(), _Loader)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(Problem(str(path), f"cannot be read: {reason}")) from error
    except yaml.MarkedYAMLError as error:
        raise BoardError(_syntax_problem(path, error)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BoardError(Problem(path.name, f"is not YAML: {error}")) from error
    if not isinstance(content, dict) or not content:
        hint = "write one entry a board: its name and a colon, its keys indented below"
        raise BoardError(Problem(path.name, "holds no boards", hint))
    return content


def _syntax_problem(path: Path, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark
    where = f"{path.name}: line {mark.line + 1}" if mark else path.name
    return Problem(where, str(error.problem or error), "mend the file's syntax there")
