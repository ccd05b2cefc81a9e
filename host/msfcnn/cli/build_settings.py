"""What `scons NAME=VALUE ...` asks for, checked: all that is wrong is reported at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msfcnn
from msfcnn.boards import Board, find_boards
from msfcnn.errors import BoardError, MsfcnnError, Problem, UsageError
from msfcnn.files import existing_file, existing_path
from msfcnn.options import INPUTS
from msfcnn.sizes import parse_factor, parse_size
from msfcnn.suggest import did_you_mean

HELP = """
usage: scons [TARGET] [board=B,B...|all] [model=M.onnx] [ram=SIZE | macs=F] [calib=PICTURES]
             [input=image|push|pull] [app=NAME]

Plans and generates C code for a model, builds it for boards and shows its sizes.

  board=host      what to build for, or all; `msfcnn boards` lists them
  model=...       int8 ONNX or TFLite file, or with calib= a float one
                  (default: apps/digits/digits.onnx)
  ram=16K         the fastest plan within this much RAM for the arena
                  (without ram= and macs=: what boards.yaml allows on the board)
  macs=1.2        least RAM with at most 1.2 times the MACs
  calib=...       quantize the float model first, with a directory of pictures or an .npz file
  input=image     the caller owns the whole image; push: it comes row by row;
                  pull: the network fetches rows as it needs them
  app=bench       application: bench, digits, stream, or the directory of one of yours

`scons bench board=qemu-cortex-m4 ...` counts instructions instead; see `msfcnn bench --help`.
targets, after the build:
  flash           write the program to the board
  term            open its terminal
  test            run it, check its outputs and its RAM
  verify          compare its outputs with the host's and the reference's
  report          show again the sizes of earlier builds with these variables
  clean           remove what these variables make
  nightly         models x boards as nightly.yaml says, compared with the last good run

board=host needs the C compiler $CC, or the first of cc, gcc, clang; it is built without RIOT and
run at once. Other boards need RIOT at $RIOTBASE, ../RIOT or ~/RIOT.
"""

VARIABLES = ("board", "model", "ram", "macs", "calib", "input", "app")
TARGETS = ("flash", "term", "test", "verify", "report", "clean", "nightly")
DEFAULT_MODEL = "apps/digits/digits.onnx"
DEFAULT_APPLICATION = "bench"

T = TypeVar("T")


@dataclass(frozen=True)
class BuildSettings:
    """What to build.

    calibration:      what to quantize a float model with; None for a model that is int8 already.
    name:             of the model in C and of its directories.
    application:      a name of apps/, or a directory.
    generate_options: what `msfcnn generate` is told about the plan, for the host.
    program_options:  what `msfcnn build` and its kind are told, for all boards.
    bounds:           the part of both that bounds the plan.

    SConstruct reads it and makes its build steps of it; nothing is built here.
    """

    boards: tuple[Board, ...]
    model: Path
    calibration: Path | None
    name: str
    application: str
    generate_options: tuple[str, ...]
    program_options: tuple[str, ...]
    bounds: tuple[str, ...]

    @property
    def host(self) -> bool:
        """Whether this is for the host alone, which SCons builds itself."""
        return [board.runner for board in self.boards] == ["host"]

    @property
    def directories(self) -> tuple[str, ...]:
        """Where everything that is made for this model goes, board by board."""
        standard = self.host or self.application == DEFAULT_APPLICATION
        other = "" if standard else f"-{Path(self.application).name}"
        return tuple(f"build/{board.name}/{self.name}{other}" for board in self.boards)

    @property
    def directory(self) -> str:
        """Where everything that is made for the model and the first board goes."""
        return self.directories[0]

    def words(self, verb: str, model: str, *further: str) -> list[str]:
        """The command line of a verb that works on programs."""
        return [verb, model, *self.program_options, *further]


def read_settings(variables: Mapping[str, str], targets: Sequence[str] = ()) -> BuildSettings:
    """The settings that the variables and targets of the command line ask for.

    variables: NAME=VALUE as given. Raises UsageError with everything that is wrong; BoardError if
    only the board is, which has an exit code of its own.
    """
    problems = [*_unknown(variables), *_conflicts(variables), *_unknown_targets(targets)]
    kinds: list[type[MsfcnnError]] = [UsageError] * len(problems)

    def attempt(read: Callable[[], T]) -> T | None:
        """Goes on after an error, so that all wrong variables are told at once."""
        try:
            return read()
        except MsfcnnError as error:
            problems.extend(error.problems)
            kinds.append(type(error))
            return None

    boards = attempt(lambda: find_boards(variables.get("board", "host")))
    model = attempt(lambda: existing_file(variables.get("model", DEFAULT_MODEL)))
    calibration = attempt(lambda: _optional(variables, "calib", existing_path))
    ram = attempt(lambda: _optional(variables, "ram", lambda text: parse_size(text, "ram=")))
    macs = attempt(lambda: _optional(variables, "macs", lambda text: parse_factor(text, "macs=")))
    if problems or boards is None or model is None:
        raise (BoardError if set(kinds) == {BoardError} else UsageError)(*problems)
    given = variables.get("input", INPUTS[0])
    bounds = () if ram is None else ("--max-ram", str(ram))
    bounds = bounds if macs is None else ("--max-macs", str(macs))
    default = boards[0].default_max_ram
    own = bounds if bounds or default is None else ("--max-ram", str(default))
    application = variables.get("app", DEFAULT_APPLICATION)
    names = ",".join(board.name for board in boards)
    return BuildSettings(
        boards=boards,
        model=model,
        calibration=calibration,
        name=msfcnn.model_name(model),
        application=application,
        generate_options=(
            "--isa",
            boards[0].isa,
            "--input",
            "image" if given == "image" else "push",
            *own,
        ),
        program_options=("--board", names, "--app", application, "--input", given, *bounds),
        bounds=bounds,
    )


def _optional(variables: Mapping[str, str], name: str, read: Callable[[str], T]) -> T | None:
    return read(variables[name]) if name in variables else None


def _unknown(variables: Mapping[str, str]) -> list[Problem]:
    """Names that SCons would silently ignore."""
    problems = []
    for name in variables:
        if name not in VARIABLES:
            known = [f"{variable}=" for variable in VARIABLES]
            hint = did_you_mean(f"{name}=", known, f"there are {', '.join(VARIABLES)}")
            problems.append(Problem(f"{name}=", "there is no such variable", hint))
    return problems


def _unknown_targets(targets: Sequence[str]) -> list[Problem]:
    problems = []
    for name in targets:
        if name not in TARGETS and not name.startswith("build/"):
            hint = did_you_mean(name, TARGETS, f"there are {', '.join(TARGETS)}")
            problems.append(Problem(name, "there is no such target", hint))
    return problems


def _conflicts(variables: Mapping[str, str]) -> list[Problem]:
    """Variables that are right alone, but not together."""
    problems = []
    if "ram" in variables and "macs" in variables:
        hint = "bound one of them; the other is made as small as possible"
        problems.append(Problem("ram= macs=", "only one of the two can be given", hint))
    if "app" in variables and variables.get("board", "host") == "host":
        hint = "leave app= out, or name a board that runs RIOT, such as board=native64"
        problems.append(Problem("app=", "board=host runs no RIOT application", hint))
    given = variables.get("input", INPUTS[0])
    if given not in INPUTS:
        hint = f"write input={' or input='.join(INPUTS)}"
        problems.append(Problem("input=", f"there is no input '{given}'", hint))
    return problems
