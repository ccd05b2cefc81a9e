"""What a nightly run is asked to do, read from a small YAML file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from msfcnn.boards import Board, load_boards
from msfcnn.errors import MsfcnnError, Problem, UsageError
from msfcnn.sizes import parse_factor, parse_size
from msfcnn.suggest import did_you_mean

_TOP = ("models", "boards", "slower", "absent", "keep")
_ZOO = ("width", "resolution", "channels", "classes", "seed")
_MODEL = ("file", "zoo", *_ZOO, "ram", "macs", "input", "boards")
_INPUTS = ("image", "push", "pull")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_DEFAULT = "default"
_NO_TIME_IS_LOST = 0.0  # an emulator that counts instructions repeats to the microsecond
_SLOWER = 0.1
_SLOWER_HERE = 1.0  # other programs run on this computer, too


@dataclass(frozen=True)
class NightlyModel:
    """A model of the run: a file, or a network of the zoo with its options."""

    name: str
    file: Path | None
    zoo: str | None
    zoo_options: Mapping[str, float | int]
    ram: int | None
    macs: float | None
    input: str


@dataclass(frozen=True)
class Job:
    """One model on one board. `slower`: share by which its time may grow."""

    model: NightlyModel
    board: Board
    slower: float

    @property
    def key(self) -> str:
        """MODEL/BOARD."""
        return f"{self.model.name}/{self.board.name}"


@dataclass(frozen=True)
class Settings:
    """A nightly run. `keep`: the directory of its history; `skip_absent`: see nightly.yaml."""

    source: Path
    jobs: tuple[Job, ...]
    keep: Path
    skip_absent: bool


def read_settings(path: Path, keep: Path | None = None) -> Settings:
    """Read the file; `keep` replaces its own. Raises UsageError with all that is wrong."""
    content = _read(path)
    problems = list(_problems(path, content))
    if problems:
        raise UsageError(*problems)
    boards = load_boards()
    names = content["boards"]
    assert isinstance(names, list)
    models = content["models"]
    assert isinstance(models, dict)
    jobs = [
        Job(_model(path, name, entry), boards[board], _slower(content, boards[board]))
        for name, entry in models.items()
        for board in entry.get("boards", names)
    ]
    kept = path.parent / str(content.get("keep", "build/nightly"))
    return Settings(path, tuple(jobs), keep or kept, content.get("absent") == "skip")


def _read(path: Path) -> dict[str, object]:
    hint = "it holds 'models:' and 'boards:'; see docs/nightly.md"
    try:
        content = yaml.safe_load(path.read_bytes())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(Problem(str(path), f"cannot be read: {reason}", hint)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(Problem(str(path), f"is not YAML: {error}")) from error
    if not isinstance(content, dict):
        raise UsageError(Problem(str(path), "says nothing to run", hint))
    return content


def _problems(path: Path, content: Mapping[str, object]) -> Iterator[Problem]:
    where = path.name
    yield from _unknown(where, content, _TOP)
    boards = content.get("boards")
    yield from _board_problems(f"{where}: boards", boards)
    models = content.get("models")
    if not isinstance(models, dict) or not models:
        hint = "write models: and below it NAME: {file: net.onnx} or NAME: {zoo: mbv2}"
        yield Problem(where, "has no models", hint)
        models = {}
    for name, entry in models.items():
        yield from _model_problems(path, f"{where}: {name}", name, entry)
    if content.get("absent", "fail") not in ("fail", "skip"):
        yield Problem(where, f"absent: {content['absent']!r}", "write absent: fail or absent: skip")
    if not isinstance(content.get("keep", ""), str):
        yield Problem(where, "keep: is not a directory", "write keep: build/nightly")
    yield from _slower_problems(where, content.get("slower", {}))


def _board_problems(where: str, boards: object) -> Iterator[Problem]:
    if not isinstance(boards, list) or not boards:
        yield Problem(where, "are not given", "write boards: [host, native64]")
        return
    known = load_boards()
    for name in boards:
        if name not in known:
            hint = did_you_mean(name, known, "`msfcnn boards` lists them")
            yield Problem(where, f"there is no board '{name}'", hint)


def _model_problems(path: Path, where: str, name: object, entry: object) -> Iterator[Problem]:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        yield Problem(where, f"{name!r} is not a name", "use letters, digits, -, _ and .")
    if not isinstance(entry, dict) or ("file" in entry) == ("zoo" in entry):
        hint = "write {file: net.onnx} or {zoo: mbv2, width: 0.35}"
        yield Problem(where, "says neither or both of file and zoo", hint)
        return
    yield from _unknown(where, entry, _MODEL)
    if "file" in entry and not (path.parent / str(entry["file"])).is_file():
        hint = f"paths count from {path.parent or '.'}"
        yield Problem(where, f"file: {entry['file']}: no such file", hint)
    for key in _ZOO:
        value = entry.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            yield Problem(
                where, f"{key}: {value!r} is not a number", f"see msfcnn zoo --help: {key}"
            )
        elif key in entry and "file" in entry:
            yield Problem(where, f"{key}: means nothing to a file", f"leave {key} out")
    if "ram" in entry and "macs" in entry:
        yield Problem(where, "ram and macs are both given", "bound one of them")
    try:
        _bounds(entry)
    except MsfcnnError as error:
        yield from (Problem(f"{where}: {p.where}", p.what, p.hint) for p in error.problems)
    if entry.get("input", _INPUTS[0]) not in _INPUTS:
        hint = f"write input: {' or '.join(_INPUTS)}"
        yield Problem(where, f"input: {entry['input']!r} is not a way in", hint)
    if "boards" in entry:
        yield from _board_problems(f"{where}: boards", entry["boards"])


def _slower_problems(where: str, slower: object) -> Iterator[Problem]:
    hint = "write slower: {default: 0.1, host: 1.0}: the share by which time may grow, by board"
    entries = slower if isinstance(slower, dict) else {"": slower}
    known = load_boards()
    for name, share in entries.items():
        number = float(share) if isinstance(share, (int, float)) else -1.0
        if name not in (*known, _DEFAULT) or share is True or not 0 <= number < float("inf"):
            yield Problem(f"{where}: slower", f"{name}: {share!r}", hint)


def _unknown(where: str, entry: Mapping[str, object], keys: tuple[str, ...]) -> Iterator[Problem]:
    for key in entry:
        if key not in keys:
            hint = did_you_mean(key, keys, f"the keys are {', '.join(keys)}")
            yield Problem(where, f"unknown key '{key}'", hint)


def _model(path: Path, name: str, entry: Mapping[str, object]) -> NightlyModel:
    ram, macs = _bounds(entry)
    return NightlyModel(
        name,
        path.parent / str(entry["file"]) if "file" in entry else None,
        str(entry["zoo"]) if "zoo" in entry else None,
        {k: v for k in _ZOO if isinstance(v := entry.get(k), (int, float))},
        ram,
        macs,
        str(entry.get("input", _INPUTS[0])),
    )


def _bounds(entry: Mapping[str, object]) -> tuple[int | None, float | None]:
    ram, macs = entry.get("ram"), entry.get("macs")
    return (
        None if ram is None else parse_size(str(ram), "ram"),
        None if macs is None else parse_factor(str(macs), "macs"),
    )


def _slower(content: Mapping[str, object], board: Board) -> float:
    given = content.get("slower", {})
    assert isinstance(given, dict)
    if board.name in given:
        return float(given[board.name])
    if board.runner in ("host", "native"):
        return _SLOWER_HERE
    if "-icount" in (board.emulator or ""):
        return _NO_TIME_IS_LOST
    return float(given.get(_DEFAULT, _SLOWER))
