"""What a nightly run is asked to do, read from a small YAML file.

docs/nightly.md describes the file. All that is wrong with it is found before the first job runs:
a night that stops at three o'clock over a misspelt name is lost. `nightly.campaign` is next.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from msfcnn.boards import Board, load_boards
from msfcnn.errors import Problem, UsageError
from msfcnn.options import INPUTS
from msfcnn.sizes import parse_factor, parse_size
from msfcnn.suggest import did_you_mean
from msfcnn.yamlfile import STRICT, Rule, Unreadable, parse, read_yaml

_ZOO = ("width", "resolution", "channels", "classes", "seed")  # keys that are options of the zoo
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
HERE = "this computer"  # the place of every job that runs on no board of its own
_DEFAULT = "default"
_NO_TIME_IS_LOST = 0.0  # an emulator that counts instructions repeats to the microsecond
_SLOWER = 0.1
_SLOWER_HERE = 1.0  # other programs run on this computer, too


def _read(kind: Callable[[str], object]) -> Callable[[object], object]:
    """A value by its text; what that raises for users says what is wrong."""

    def read(value: object) -> object:
        try:
            return kind(str(value))
        except UsageError as error:
            raise ValueError(error.problems[0].what) from None

    return read


def _number(value: object) -> object:
    """A validator: a number, and not true or false, which Python takes for one."""
    if type(value) not in (int, float):
        raise ValueError(f"{value!r} is not a number")
    return value


def _directory(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("is not a directory")
    return value


def _word(*known: str) -> Rule:
    """A rule for a value: one of the known words."""

    def read(value: object) -> object:
        if value not in known:
            raise ValueError(f"{value!r} is not known")
        return value

    return Rule(read, write=" or ".join(known))


_Number = Annotated[float | int | None, Rule(_number, write="a number, as for `msfcnn zoo`")]


@dataclass(frozen=True)
class NightlyModel:
    """A model of the run: a file, or a network of the zoo with its options.

    file, dataset: paths; relative ones count from the settings file.
    dataset: images with classes, by which the board host also tells the accuracy.
    ram:     bound on the peak RAM in bytes. macs: bound on the recompute factor, from 1 on.
    input:   how the image arrives, one of options.INPUTS.
    boards:  names of its own; None for those of all models.
    """

    __pydantic_config__ = STRICT

    name: str
    file: Path | None = None
    dataset: Path | None = None
    zoo: str | None = None
    width: _Number = None
    resolution: _Number = None
    channels: _Number = None
    classes: _Number = None
    seed: _Number = None
    ram: Annotated[int | None, Rule(_read(parse_size), write="a size such as 16K")] = None
    macs: Annotated[float | None, Rule(_read(parse_factor), write="a factor such as 1.1")] = None
    input: Annotated[str, _word(*INPUTS)] = INPUTS[0]
    boards: Any = None

    @property
    def zoo_options(self) -> Mapping[str, float | int]:
        """What is given of the options of the zoo."""
        given = {name: getattr(self, name) for name in _ZOO}
        return {name: value for name, value in given.items() if value is not None}

    def contradictions(self, directory: Path) -> Iterator[tuple[str, str]]:
        """What does not go together: what is wrong, what to do."""
        if (self.file is None) == (self.zoo is None):
            hint = "write {file: net.onnx} or {zoo: mbv2, width: 0.35}"
            yield "says neither or both of file and zoo", hint
        elif self.file is not None:
            if not (directory / self.file).is_file():
                yield f"file: {self.file}: no such file", f"paths count from {directory}"
            for name in self.zoo_options:
                yield f"{name}: means nothing to a file", f"leave {name} out"
        if self.dataset is not None and not (directory / self.dataset).exists():
            what = f"dataset: {self.dataset}: no such file or directory"
            yield what, f"paths count from {directory}"
        if self.ram is not None and self.macs is not None:
            yield "ram and macs are both given", "bound one of them"


@dataclass(frozen=True)
class Job:
    """One model on one board. `slower`: share by which its time may grow; 0.1 is ten percent."""

    model: NightlyModel
    board: Board
    slower: float

    @property
    def key(self) -> str:
        """MODEL/BOARD."""
        return f"{self.model.name}/{self.board.name}"

    @property
    def place(self) -> str:
        """Where it runs: jobs of one place go one after the other.

        A board that runs by itself is a place of its own. The rest shares this computer, whose
        time they measure.
        """
        if self.board.remote is not None:
            return f"{self.board.remote.kind} {self.board.remote.place}"
        return self.board.name if self.board.runner == "serial" else HERE


@dataclass(frozen=True)
class Settings:
    """A nightly run: what `nightly.campaign.run_all` does.

    source:      the file it was read from, which is part of the run's fingerprint.
    jobs:        model by model, each on its boards, in the order of the file.
    keep:        the directory of its history, of programs and of networks of the zoo.
    skip_absent: boards and tools that are not there do not fail the run.
    """

    source: Path
    jobs: tuple[Job, ...]
    keep: Path
    skip_absent: bool


@dataclass(frozen=True)
class _File:
    """The whole file."""

    __pydantic_config__ = STRICT

    models: Any = None
    boards: Any = None
    slower: Any = field(default_factory=dict)
    absent: Annotated[str, _word("fail", "skip")] = "fail"
    keep: Annotated[str, Rule(_directory, write="build/nightly")] = "build/nightly"


def read_settings(path: Path, keep: Path | None = None) -> Settings:
    """Read the file; `keep` replaces its own. Raises UsageError with all that is wrong.

    Boards are those of boards.yaml and of $MSFCNN_BOARDS; BoardError if these cannot be read.
    """
    problems: list[Problem] = []
    known, where = load_boards(), path.name
    content = parse(_File, _content(path), where, problems)
    if content is None:
        raise UsageError(*problems)
    models = _models(path, content, known, problems)
    problems.extend(_board_problems(f"{where}: boards", content.boards, known))
    problems.extend(_slower_problems(where, content.slower, known))
    if problems:
        raise UsageError(*problems)
    # asked last: it reads lists of boards that must be lists, which is known only now
    problems.extend(_accuracy_problems(where, models, content.boards))
    if problems:
        raise UsageError(*problems)
    jobs = [
        Job(model, known[board], _slower(content.slower, known[board]))
        for model in models
        for board in model.boards or content.boards
    ]
    return Settings(path, tuple(jobs), keep or path.parent / content.keep, content.absent == "skip")


def _content(path: Path) -> Mapping[Any, object]:
    hint = "it holds 'models:' and 'boards:'; see docs/nightly.md"
    try:
        content = read_yaml(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(Problem(str(path), f"cannot be read: {reason}", hint)) from error
    except Unreadable as error:
        raise UsageError(error.problem) from error
    if not isinstance(content, dict):
        raise UsageError(Problem(str(path), "says nothing to run", hint))
    return content


def _models(
    path: Path, content: _File, known: Mapping[str, Board], problems: list[Problem]
) -> list[NightlyModel]:
    """The networks that can be read; what is wrong with the others goes to `problems`."""
    if not isinstance(content.models, dict) or not content.models:
        hint = "write models: and below it NAME: {file: net.onnx} or NAME: {zoo: mbv2}"
        problems.append(Problem(path.name, "has no models", hint))
        return []
    found = []
    for name, entry in content.models.items():
        where = f"{path.name}: {name}"
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            hint = "use letters, digits, -, _ and ."
            problems.append(Problem(where, f"{name!r} is not a name", hint))
        given = {**(entry if isinstance(entry, dict) else {}), "name": str(name)}
        model = parse(NightlyModel, given, where, problems)
        if model is not None:
            wrong = model.contradictions(path.parent)
            problems.extend(Problem(where, what, hint) for what, hint in wrong)
            if model.boards is not None:
                problems.extend(_board_problems(f"{where}: boards", model.boards, known))
            file, dataset = (
                None if each is None else path.parent / each for each in (model.file, model.dataset)
            )
            found.append(replace(model, file=file, dataset=dataset))
    return found


def _board_problems(where: str, boards: object, known: Mapping[str, Board]) -> Iterator[Problem]:
    """What is wrong with a list of boards, of the file or of one model."""
    if not isinstance(boards, list) or not boards:
        yield Problem(where, "are not given", "write boards: [host, native64]")
        return
    for name in boards:
        if name not in known:
            hint = did_you_mean(name, known, "`msfcnn boards` lists them")
            yield Problem(where, f"there is no board '{name}'", hint)


def _accuracy_problems(
    where: str, models: Sequence[NightlyModel], boards: Sequence[str]
) -> Iterator[Problem]:
    """Models with a data set that no job would classify: only the board host does."""
    for model in models:
        if model.dataset is not None and "host" not in (model.boards or boards):
            hint = "add host to boards, or leave dataset out"
            yield Problem(f"{where}: {model.name}", "dataset: is classified on the host", hint)


def _slower_problems(where: str, slower: object, known: Mapping[str, Board]) -> Iterator[Problem]:
    hint = "write slower: {default: 0.1, host: 1.0}: the share by which time may grow, by board"
    for name, share in (slower if isinstance(slower, dict) else {"": slower}).items():
        number = float(str(share)) if type(share) in (int, float) else -1.0
        if name not in (*known, _DEFAULT) or not 0 <= number < math.inf:
            yield Problem(f"{where}: slower", f"{name}: {share!r}", hint)


def _slower(given: Mapping[str, float], board: Board) -> float:
    """The share by which time may grow on a board: emulators that count lose no time.

    A share given for the board by name goes first. The file's default means neither this computer,
    whose times vary with its load, nor counting emulators: with one for boards these would be
    judged too strictly or too mildly.
    """
    if board.name in given:
        return float(given[board.name])
    if board.runner in ("host", "native"):
        return _SLOWER_HERE
    if "-icount" in (board.emulator or ""):
        return _NO_TIME_IS_LOST
    return float(given.get(_DEFAULT, _SLOWER))
