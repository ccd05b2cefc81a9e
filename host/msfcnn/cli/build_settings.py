"""What `scons NAME=VALUE ...` asks for, checked: all that is wrong is reported at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from msfcnn.boards import Board, find_board
from msfcnn.emit.names import c_name
from msfcnn.errors import BoardError, MsfcnnError, Problem, UsageError
from msfcnn.files import existing_file
from msfcnn.sizes import parse_factor, parse_size

HELP = """
usage: scons [board=B] [model=M.onnx] [ram=SIZE | macs=F] [calib=FILE.npz] [input=image|push]

Plans and generates C code for a model, builds it for a board, runs it and reports.

  board=host      what to build for; `msfcnn boards` lists them
  model=...       int8 QDQ ONNX file, or with calib= a float one
                  (default: apps/digits/digits.onnx)
  ram=16K         fewest MACs within this much RAM for the arena
  macs=1.2        least RAM with at most 1.2 times the MACs
  calib=FILE.npz  quantize the float model first, with these images
  input=image     the caller owns the whole image; push: it comes row by row

`scons bench board=qemu-cortex-m4 ...` counts instructions instead; see `msfcnn bench --help`.
The C compiler is $CC, or the first of cc, gcc, clang. `scons -c` with the same variables cleans.
"""

VARIABLES = ("board", "model", "ram", "macs", "calib", "input")
DEFAULT_MODEL = "apps/digits/digits.onnx"
INPUTS = ("image", "push")

T = TypeVar("T")


@dataclass(frozen=True)
class BuildSettings:
    """What to build. `generate_options`: what `msfcnn generate` is told about the plan."""

    board: Board
    model: Path
    calibration: Path | None
    name: str
    generate_options: tuple[str, ...]

    @property
    def directory(self) -> str:
        """Where everything that is made for this model and board goes."""
        return f"build/{self.board.name}/{self.name}"


def read_settings(variables: Mapping[str, str]) -> BuildSettings:
    """The settings that the variables of the command line ask for."""
    problems = [*_unknown(variables), *_conflicts(variables)]
    kinds: list[type[MsfcnnError]] = [UsageError] * len(problems)

    def attempt(read: Callable[[], T]) -> T | None:
        try:
            return read()
        except MsfcnnError as error:
            problems.extend(error.problems)
            kinds.append(type(error))
            return None

    board = attempt(lambda: find_board(variables.get("board", "host")))
    model = attempt(lambda: existing_file(variables.get("model", DEFAULT_MODEL)))
    calibration = attempt(lambda: _optional(variables, "calib", existing_file))
    ram = attempt(lambda: _optional(variables, "ram", lambda text: parse_size(text, "ram=")))
    macs = attempt(lambda: _optional(variables, "macs", lambda text: parse_factor(text, "macs=")))
    if problems or board is None or model is None:
        raise (BoardError if set(kinds) == {BoardError} else UsageError)(*problems)
    options = ["--isa", board.isa, "--input", variables.get("input", INPUTS[0])]
    if macs is not None:
        options += ["--max-macs", str(macs)]
    elif ram is not None or board.default_max_ram is not None:
        options += ["--max-ram", str(ram or board.default_max_ram)]
    return BuildSettings(board, model, calibration, c_name(model.stem), tuple(options))


def _optional(variables: Mapping[str, str], name: str, read: Callable[[str], T]) -> T | None:
    return read(variables[name]) if name in variables else None


def _unknown(variables: Mapping[str, str]) -> list[Problem]:
    problems = []
    for name in variables:
        if name not in VARIABLES:
            close = difflib.get_close_matches(name, VARIABLES, n=1)
            hint = f"did you mean {close[0]}=?" if close else f"there are {', '.join(VARIABLES)}"
            problems.append(Problem(f"{name}=", "there is no such variable", hint))
    return problems


def _conflicts(variables: Mapping[str, str]) -> list[Problem]:
    problems = []
    if "ram" in variables and "macs" in variables:
        hint = "bound one of them; the other is made as small as possible"
        problems.append(Problem("ram= macs=", "only one of the two can be given", hint))
    given = variables.get("input", INPUTS[0])
    if given not in INPUTS:
        hint = f"write input={' or input='.join(INPUTS)}"
        problems.append(Problem("input=", f"'{given}' is not a way in", hint))
    return problems
