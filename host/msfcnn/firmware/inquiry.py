"""Looks for what msfcnn, RIOT and boards need on this computer: `msfcnn doctor`.

Nothing is installed or changed. What is missing is data, not an error: most people need few of the
tools.
"""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from msfcnn.boards import Board
from msfcnn.errors import AbsentError, BoardError
from msfcnn.firmware import riot
from msfcnn.firmware.diagnose import how_to_install
from msfcnn.isa import MACHINES
from msfcnn.report import BoardHealth, Health, Need
from msfcnn.toolchain import compiler, missing

# distribution: what it is for, the extra of msfcnn that brings it
_PACKAGES = {
    "onnxruntime": ("verify, quantize", "quantize"),
    "pillow": ("pictures as images", "quantize"),
    "ai-edge-litert": ("TFLite's own results, in verify", "tflite"),
    "scons": ("scons", "build"),
    "pyelftools": ("sizes of programs", "riot"),
    "pyserial": ("boards at a serial port", "riot"),
    "riotctrl": ("tests with RIOT", "riot"),
    "labgrid": ("boards at other computers", "labgrid"),
}
_PROGRAMMERS = {"openocd": ("openocd", "apt install openocd")}  # RIOT's name: program, package
_REMOTES = {"labgrid": ("labgrid-client", "pip install 'msfcnn[labgrid]'")}


def health(boards: Sequence[Board], tick: Callable[[int, int], None] | None = None) -> Health:
    """What there is and what is missing, in general and for boards."""
    found = []
    for number, board in enumerate(boards):
        found.append(BoardHealth(board=board.name, missing=tuple(_lacks(board))))
        if tick:
            tick(number + 1, len(boards))
    return Health(needs=tuple(_needs()), boards=tuple(found))


def _needs() -> Iterator[Need]:
    """What msfcnn can use, with what is found of it and how to install the rest."""
    for name, (purpose, extra) in _PACKAGES.items():
        install = f"pip install 'msfcnn[{extra}]'"
        yield Need(name=name, purpose=purpose, found=_version(name), install=install)
    yield _compiler()
    yield _program("make", "RIOT's builds", "apt install make")
    yield _riot()
    for machine in MACHINES:
        lacking = missing(machine)
        yield Need(
            name=machine.name,
            purpose="bench, report --count",
            found="" if lacking else machine.description,
            install="; ".join(problem.hint for problem in lacking),
        )


def _version(package: str) -> str:
    """The version of an installed distribution; empty if it is not there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _compiler() -> Need:
    try:
        found = shlex.join(compiler())
    except BoardError:
        found = ""
    install = "apt install gcc libc6-dev, or set CC"
    return Need(name="C compiler", purpose="verify, run", found=found, install=install)


def _program(name: str, purpose: str, install: str) -> Need:
    return Need(name=name, purpose=purpose, found=shutil.which(name) or "", install=install)


def _riot() -> Need:
    """RIOT's directory, or how to get one."""
    try:
        found = str(riot.riot_base())
    except AbsentError:
        found = ""
    return Need(name="RIOT", purpose="build, flash, test", found=found, install=riot.GET_RIOT)


def _lacks(board: Board) -> Iterator[Need]:
    """What is missing for a board. RIOT itself says which compiler it takes."""
    if board.riot is None:
        need = _compiler()
        yield from () if need.found else (need,)
        return
    need = _riot()
    if not need.found:
        yield need
        return
    for name, purpose, install in _tools(board):
        if not shutil.which(name):
            yield Need(name=name, purpose=purpose, found="", install=install)
    if board.runner == "serial" and not board.remote and not _version("pyserial"):
        install = "pip install 'msfcnn[riot]'"
        yield Need(name="pyserial", purpose="its serial port", found="", install=install)


def _tools(board: Board) -> Iterator[tuple[str, str, str]]:
    """Programs by name, with what they are for and how they come."""
    base = riot.riot_base()
    try:
        cc, programmer = _ask(board)
    except BoardError as error:
        problem = error.problems[0]
        yield "", f"RIOT's make: {problem.what}", problem.hint
        return
    name = cc.split()[0] if cc else "gcc"
    yield name, "its compiler", how_to_install(board, name, base)
    if board.emulator:
        name = shlex.split(board.emulator)[0]
        yield name, "its emulator", how_to_install(board, name, base)
    if board.remote and board.remote.kind in _REMOTES:
        name, install = _REMOTES[board.remote.kind]
        yield name, "the place where it is", install
    elif board.runner == "serial" and programmer in _PROGRAMMERS:
        name, install = _PROGRAMMERS[programmer]
        yield name, "flash", f"install it (Debian: {install})"


def _ask(board: Board) -> tuple[str, ...]:
    """Compiler and programmer of a board, asked of RIOT's own make."""
    with tempfile.TemporaryDirectory(prefix="msfcnn-") as name:
        place = Path(name)
        application = riot.application_directory("digits")
        made = riot.Firmware(
            board=board,
            application=application,
            directory=place,
            packages=place / "packages",
            variables={},
        )
        return riot.ask(made, ["CC", "PROGRAMMER"])
