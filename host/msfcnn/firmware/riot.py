"""RIOT's own make: where RIOT is, what its make is told, what it says about a board.

All that RIOT decides (compilers, flags, linker scripts, flash tools) is left to it and asked of it.
RIOT's tree itself is never changed, but for what its make clones and generates there.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from msfcnn.boards import FLASH_HOLES, Board
from msfcnn.errors import AbsentError, BoardError, Problem
from msfcnn.firmware.diagnose import build_error
from msfcnn.firmware.exclusive import locked
from msfcnn.firmware.port import find_port
from msfcnn.firmware.process import Finished, run_bounded
from msfcnn.resources import INSTALLED, ROOT

GET_RIOT = (
    "git clone https://github.com/RIOT-OS/RIOT ~/RIOT, or set RIOTBASE to the one you have; "
    "board=host does without"
)
# of an outer make, as when `make test` of a project calls msfcnn: its options are not for this one
_MAKE_STATE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MAKEFILES", "GNUMAKEFLAGS")
_LABGRID_FLASH = "labgrid-client -p {place} bootstrap {file}"
_KEPT = ("MSFCNN_BOARDS", "MSFCNN_DEBUG")  # variables of ours that are no part of a build


@dataclass(frozen=True)
class Firmware:
    """A program to make: an application for a board.

    application: its directory, with a Makefile by RIOT's conventions.
    directory:   where everything made for it goes.
    packages:    where RIOT clones what it needs from others; shared by all builds.
    variables:   what the application's Makefile is told (MSFCNN_MODEL, ...).
    """

    board: Board
    application: Path
    directory: Path
    packages: Path
    variables: Mapping[str, str]

    @property
    def binaries(self) -> Path:
        """RIOT's BINDIR."""
        return self.directory / "bin" / str(self.board.riot)

    def elf(self) -> Path | None:
        """The program, if it has been built."""
        return next(iter(sorted(self.binaries.glob("*.elf"))), None)


def riot_base() -> Path:
    """RIOT's directory: $RIOTBASE, ../RIOT beside the project, or ~/RIOT. Raises AbsentError."""
    named = os.environ.get("RIOTBASE")
    places = [Path(named)] if named else [ROOT.parent / "RIOT", Path.home() / "RIOT"]
    for place in places:
        if (place / "Makefile.include").is_file():
            return place.resolve()
    looked = " nor at ".join(map(str, places))
    raise AbsentError(Problem("RIOT", f"not found at {looked}", GET_RIOT))


def application_directory(name: str) -> Path:
    """The directory of an application: a name below apps/, or a path. Raises BoardError."""
    own = ROOT / "apps" / name
    for place in (own, Path(name)):
        if (place / "Makefile").is_file():
            return place.resolve()
    known = sorted(p.parent.name for p in (ROOT / "apps").glob("*/Makefile"))
    hint = f"write {', '.join([*known, 'or the path of a directory with a RIOT Makefile'])}"
    raise BoardError(Problem(f"app={name}", "there is no such application", hint))


def build(firmware: Firmware, jobs: int) -> Path:
    """Builds and returns the ELF file; all output goes to make.log. Raises BoardError.

    What RIOT may clone or generate within its own tree is done by one build at a time.
    """
    firmware.directory.mkdir(parents=True, exist_ok=True)
    firmware.packages.mkdir(parents=True, exist_ok=True)
    log = firmware.directory / "make.log"
    log.unlink(missing_ok=True)
    if os.environ.get("BUILD_IN_DOCKER") != "1":
        _step(firmware, ["..build-message", "..compiler-check"], jobs)
        with locked(firmware.packages / "lock"):
            _step(firmware, ["pkg-build"], jobs)
    _step(firmware, ["all"], jobs)
    elf = firmware.elf()
    if elf is None:
        what = f"RIOT's make wrote no ELF file into {firmware.binaries}"
        raise BoardError(Problem(firmware.board.name, what, f"see {log}"))
    return elf


def ask(firmware: Firmware, names: Sequence[str]) -> tuple[str, ...]:
    """The values of variables of RIOT's make. Raises BoardError.

    Example: ask(made, ["CC"]) is ("arm-none-eabi-gcc",). RIOT's goals info-debug-variable-NAME
    print one a line, behind anything that Makefiles say while they are read.
    """
    goals = [f"info-debug-variable-{name}" for name in names]
    done = _make(firmware, goals, 1, environment(firmware, libc=False))
    lines = done.output.splitlines()[-len(names) :]
    if done.code != 0 or len(lines) != len(names):
        raise build_error(firmware.board, done, riot_base())
    return tuple(line.strip() for line in lines)


def environment(firmware: Firmware, libc: bool = True) -> Mapping[str, str]:
    """The environment of RIOT's make: ours without an outer make's state, and what we decide."""
    board = firmware.board
    env = {name: value for name, value in os.environ.items() if not _dropped(name)}
    env |= {
        "RIOTBASE": str(riot_base()),
        "BOARD": str(board.riot),
        "BINDIRBASE": str(firmware.directory / "bin"),
        "BUILD_DIR": str(firmware.packages),
        "QUIET": "1",
        **_tools(),
        **firmware.variables,
        **_terminal(board),
    }
    if libc and "FEATURES_BLACKLIST" not in env and _has_picolibc(firmware):
        env["FEATURES_BLACKLIST"] = "newlib"  # RIOT would clone a printf for newlib
    return env


def make(
    firmware: Firmware, goals: Sequence[str], seconds: float, variables: Mapping[str, str]
) -> Finished:
    """Runs goals of RIOT's make with further variables in the environment."""
    command = ["make", "--no-print-directory", "-C", str(firmware.application), *goals]
    return run_bounded(command, seconds, {**environment(firmware), **variables})


def make_command(firmware: Firmware, goal: str) -> tuple[list[str], Mapping[str, str]]:
    """Command and environment of a goal that a person talks to, such as term."""
    command = ["make", "--no-print-directory", "-C", str(firmware.application), goal]
    return command, {**environment(firmware), **port_variables(firmware.board)}


def port_variables(board: Board) -> Mapping[str, str]:
    """What tells a board at this computer from others of its kind: port and debug adapter.

    A PORT in the environment is left alone. Raises AbsentError if the board is not there.
    """
    if board.usb is None or "PORT" in os.environ:
        return {}
    adapter = {"DEBUG_ADAPTER_ID": board.usb.serial} if board.usb.serial else {}
    return {"PORT": find_port(board.name, board.usb), **adapter}


def _dropped(name: str) -> bool:
    """Whether a variable of our environment would confuse RIOT's make or the package's."""
    return name in _MAKE_STATE or (name.startswith("MSFCNN_") and name not in _KEPT)


def _tools() -> Mapping[str, str]:
    """How make finds this msfcnn where it is installed; a checkout has ./dev for that."""
    if not INSTALLED:
        return {}
    python = shlex.quote(sys.executable)
    return {"MSFCNN": f"{python} -m msfcnn", "MSFCNN_PYTHON": python}


def _terminal(board: Board) -> Mapping[str, str]:
    """Emulators and places elsewhere as RIOT's terminal and flasher."""
    if board.emulator:
        program, *flags = shlex.split(board.emulator)
        return {"TERMPROG": program, "TERMFLAGS": f"{shlex.join(flags)} $(ELFFILE)"}
    if board.remote and board.remote.kind == "iotlab":
        return {"IOTLAB_NODE": board.remote.place}
    if board.remote:
        place = shlex.quote(board.remote.place)
        fill = {**FLASH_HOLES, "place": place}
        command = board.remote.flash or _LABGRID_FLASH
        command = re.sub(r"\{(\w+)\}", lambda hole: fill[hole[1]], command)
        program, _, fflags = command.partition(" ")
        return {
            "TERMPROG": "labgrid-client",
            "TERMFLAGS": f"-p {place} console",
            "FLASHER": program,
            "FFLAGS": fflags,
        }
    return {}


def _has_picolibc(firmware: Firmware) -> bool:
    """Whether the board's compiler is a bare-metal GCC (but not Espressif's) with picolibc."""
    if firmware.board.runner == "native":
        return False
    (compiler,) = ask(firmware, ["CC"])
    path = shutil.which(compiler.split()[0]) if compiler else None
    if path is None or "-esp" in compiler:
        return False
    found = run_bounded([path, "-print-file-name=picolibc.specs"], 10).output.strip()
    return Path(found).is_absolute()


def _step(firmware: Firmware, goals: Sequence[str], jobs: int) -> None:
    """Runs make and keeps what it prints in make.log. Raises BoardError with the cause."""
    done = _make(firmware, goals, jobs, environment(firmware))
    with (firmware.directory / "make.log").open("a") as log:
        log.write(done.output)
    if done.code != 0:
        raise build_error(firmware.board, done, riot_base())


def _make(firmware: Firmware, goals: Sequence[str], jobs: int, env: Mapping[str, str]) -> Finished:
    """Runs make within the board's time for builds. Raises AbsentError if there is no make."""
    if not shutil.which("make"):
        raise AbsentError(Problem("make", "not found", "install it (Debian: apt install make)"))
    command = ["make", "--no-print-directory", f"-j{jobs}", "-C", str(firmware.application)]
    return run_bounded([*command, *goals], firmware.board.timeout.build, env)
