"""A board, and the rules that its entry in boards.yaml keeps."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from msfcnn.errors import Problem, UsageError
from msfcnn.kernels import ISAS
from msfcnn.sizes import parse_size

RUNNERS = ("host",)

_REQUIRED = ("description", "runner", "isa")
_SIZES = ("ram", "flash", "default_max_ram")
_KEYS = _REQUIRED + _SIZES
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")

Entry = Mapping[object, object]


@dataclass(frozen=True)
class Board:
    """Something that runs a generated program; sizes in bytes, None where there is no limit."""

    name: str
    description: str
    runner: str
    isa: str
    ram: int | None = None
    flash: int | None = None
    default_max_ram: int | None = None


def make_board(name: str, entry: Entry) -> Board:
    """The board of an entry that keeps the rules."""
    return Board(
        name=name,
        description=str(entry["description"]),
        runner=str(entry["runner"]),
        isa=str(entry["isa"]),
        ram=_size(entry.get("ram")),
        flash=_size(entry.get("flash")),
        default_max_ram=_size(entry.get("default_max_ram")),
    )


def board_problems(where: str, name: object, entry: object) -> Iterator[Problem]:
    """Every rule that an entry of boards.yaml breaks; `where` says where it stands."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        hint = "use lower-case letters, digits, - and _, such as nucleo-f767zi"
        yield Problem(where, f"{name!r} is not a board name", hint)
    if not isinstance(entry, dict):
        hint = f"write {', '.join(_REQUIRED)} below the name, indented, each as 'key: value'"
        yield Problem(where, "has no keys", hint)
        return
    yield from _key_problems(where, entry)
    yield from _choice_problems(where, entry)
    sizes = {}
    for key in _SIZES:
        try:
            sizes[key] = _size(entry.get(key))
        except UsageError:
            hint = "write bytes, or K or M, such as 20480 or 16K, or leave it out"
            yield Problem(where, f"{key}: {entry[key]!r} is not a size", hint)
    ram, limit = sizes.get("ram"), sizes.get("default_max_ram")
    if ram is not None and limit is not None and limit > ram:
        hint = "lower default_max_ram: the application needs some RAM of its own"
        yield Problem(where, f"default_max_ram ({limit}) is more than ram ({ram})", hint)


def _key_problems(where: str, entry: Entry) -> Iterator[Problem]:
    for key in entry:
        if key not in _KEYS:
            close = difflib.get_close_matches(str(key), _KEYS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"the keys are {', '.join(_KEYS)}"
            yield Problem(where, f"unknown key '{key}'", hint)
    for key in _REQUIRED:
        if key not in entry:
            yield Problem(where, f"the key '{key}' is missing", _what_to_write(key))


def _choice_problems(where: str, entry: Entry) -> Iterator[Problem]:
    for key, choices in (("runner", RUNNERS), ("isa", ISAS)):
        if key in entry and entry[key] not in choices:
            yield Problem(where, f"{key}: unknown {key} {entry[key]!r}", _what_to_write(key))
    text = entry.get("description", "-")
    if not isinstance(text, str) or not text.strip() or "\n" in text.strip():
        yield Problem(where, "description: is not a line of text", _what_to_write("description"))


def _what_to_write(key: str) -> str:
    values = {"description": "one line for people", "runner": " or ".join(RUNNERS)}
    return f"write {key}: {values.get(key, ' or '.join(ISAS))}"


def _size(value: object) -> int | None:
    """A size of boards.yaml: nothing, a number or a text like 16K."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise UsageError(Problem("size", f"{value!r} is not a size"))
    return parse_size(str(value))
