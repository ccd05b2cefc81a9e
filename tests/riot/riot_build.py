"""Builds and runs RIOT applications for the tests: boards, RIOT's make, terminals."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pexpect
import pytest
from riotctrl.ctrl import RIOTCtrl, TermSpawn

REPO_ROOT = Path(__file__).resolve().parents[2]
APPS = REPO_ROOT / "apps"
GET_RIOT = "git clone https://github.com/RIOT-OS/RIOT beside this checkout, or set RIOTBASE"
ICOUNT = "-icount shift=5,sleep=off"

# left to a sub-make by a make around us, they change what it does
MAKE_STATE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MAKEFILES")


@dataclass(frozen=True)
class Board:
    """A board the tests know how to run.

    tools:      programs it needs: name and Debian package.
    riot:       RIOT's name of the board, where it is another one.
    prefix:     of its toolchain.
    ram:        address range of its RAM; None: as much as one likes.
    terminal:   TERMPROG and TERMFLAGS where RIOT's own are not wanted.
    fetches:    RIOT packages its build has to fetch once.
    arena:      largest arena an application of the tests leaves room for.
    model:      largest model file it leaves room for; None: as large as one likes.
    """

    name: str
    tools: Mapping[str, str]
    prefix: str = ""
    ram: range | None = None
    terminal: Mapping[str, str] = field(default_factory=dict)
    fetches: tuple[str, ...] = ()
    arena: int | None = None
    riot: str = ""
    model: int | None = None

    @property
    def native(self) -> bool:
        return self.name.startswith("native")


ARM = {
    "arm-none-eabi-gcc": "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "qemu-system-arm": "qemu-system-arm",
}
RISCV = {
    "riscv64-unknown-elf-gcc": "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
    "qemu-system-riscv32": "qemu-system-misc",
}
MPS2_RAM = range(0x20000000, 0x20400000)
HIFIVE_TERMINAL = {
    "TERMPROG": "qemu-system-riscv32",
    "TERMFLAGS": f"-M sifive_e,revb=true -nographic {ICOUNT} -kernel $(ELFFILE)",
}
MICROBIT_TERMINAL = {
    "TERMPROG": "qemu-system-arm",
    "TERMFLAGS": f"-M microbit -nographic {ICOUNT} -kernel $(ELFFILE)",
}
EMULATED = (
    Board("native64", {"gcc": "gcc"}),
    Board("native32", {"gcc": "gcc"}),
    Board("qemu-mps2-an386", ARM, "arm-none-eabi-", MPS2_RAM, fetches=("cmsis",)),
    Board("qemu-mps2-an500", ARM, "arm-none-eabi-", MPS2_RAM, fetches=("cmsis",)),
    Board(
        "hifive1b",
        RISCV,
        "riscv64-unknown-elf-",
        range(0x80000000, 0x80004000),
        HIFIVE_TERMINAL,
        arena=10 * 1024,
    ),
    Board(
        "qemu-microbit",
        ARM,
        "arm-none-eabi-",
        range(0x20000000, 0x20004000),
        MICROBIT_TERMINAL,
        fetches=("cmsis",),
        arena=10 * 1024,
        riot="microbit",
        model=128 * 1024,
    ),
)
DEFAULT_BOARDS = ",".join(board.name for board in EMULATED)


def find_board(name: str) -> Board:
    """The emulated board of that name, else a real one that RIOT flashes and listens to."""
    known = {board.name: board for board in EMULATED}
    return known.get(name, Board(name, {"make": "make"}))


def riot_base() -> Path | None:
    """Where RIOT is: RIOTBASE, else beside the checkout, else in the home directory."""
    given = os.environ.get("RIOTBASE")
    places = [Path(given)] if given else [REPO_ROOT.parent / "RIOT", Path.home() / "RIOT"]
    return next((p for p in places if (p / "Makefile.include").is_file()), None)


def missing(board: Board) -> str | None:
    """Why the board cannot be used here, and what to do about it; None if it can."""
    for tool, package in board.tools.items():
        if shutil.which(tool) is None:
            return f"{board.name}: {tool} not found: apt install {package}"
    if board.name == "native32" and not _compiles_32_bit():
        return "native32: no 32-bit C library: apt install gcc-multilib"
    if board not in EMULATED and not os.environ.get("PORT"):
        return f"{board.name}: not attached: set PORT to its serial port, such as /dev/ttyACM0"
    return None


def _compiles_32_bit() -> bool:
    command = ["gcc", "-m32", "-xc", "-", "-fsyntax-only"]
    done = subprocess.run(command, input=b"#include <stdio.h>\n", capture_output=True)
    return done.returncode == 0


class Controller(RIOTCtrl):
    """riotctrl, but the terminal is there at once: it is the emulator, or native itself."""

    TERM_STARTED_DELAY = 0


class Terminal(TermSpawn):
    """A terminal that gives up after a while."""


@dataclass
class App:
    """An application directory, built for one board in a directory of its own."""

    directory: Path
    board: Board
    riot: Path
    out: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def bin(self) -> Path:
        return self.out / self.riot_name

    @property
    def riot_name(self) -> str:
        """RIOT's name of the board."""
        return self.board.riot or self.board.name

    @property
    def elf(self) -> Path:
        return next(self.bin.glob("*.elf"))

    @property
    def env(self) -> dict[str, str]:
        """The environment of RIOT's make."""
        env = {k: v for k, v in os.environ.items() if k not in MAKE_STATE}
        env.setdefault("BUILD_DIR", str(REPO_ROOT / "build" / "riot"))
        env |= {"BOARD": self.riot_name, "RIOTBASE": str(self.riot)}
        env |= {"BINDIRBASE": str(self.out), **self.board.terminal}
        if not self.board.native and has_picolibc(self.board):
            env["FEATURES_BLACKLIST"] = "newlib"  # RIOT would fetch a printf for it
        return env | dict(self.settings)

    def make(self, *targets: str, jobs: int = 2) -> subprocess.CompletedProcess[str]:
        """Runs make; stdout holds all it prints."""
        controller = Controller(str(self.directory), self.env)
        controller.env = self.env  # without what riotctrl copies from os.environ
        return controller.make_run(
            [f"-j{jobs}", *targets],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def build(self) -> None:
        """Builds it; a failure fails the test with the end of what make said."""
        self._fetch()
        done = self.make("all")
        assert done.returncode == 0, done.stdout[-4000:]

    def _fetch(self) -> None:
        """Has RIOT fetch its packages, one build at a time; skips if it cannot."""
        cache = Path(self.env["BUILD_DIR"])
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / "msfcnn-tests.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.board.fetches:
                self.make("pkg-prepare", jobs=1)
        for package in self.board.fetches:
            if not (cache / "pkg" / package / ".pkg-state.git-prepared").exists():
                pytest.skip(f"{self.board.name}: RIOT's package {package} needs the network once")

    @contextmanager
    def terminal(self, timeout: float) -> Iterator[pexpect.spawn]:
        """The running program; real boards are flashed first."""
        controller = Controller(str(self.directory), self.env)
        controller.env = self.env
        real = self.board not in EMULATED
        if real:
            flashed = controller.flash(stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            assert flashed.returncode == 0, flashed.stdout[-2000:]
        with controller.run_term(reset=real, timeout=timeout) as child:
            yield child

    def run_until(self, last: str, timeout: float = 120) -> list[str]:
        """Lines the program prints up to the first that begins with `last` (a pattern)."""
        with self.terminal(timeout) as child:
            child.expect(rf"\n({last}[^\r\n]*)\r?\n")
            return [*child.before.splitlines(), child.match.group(1)]

    def sections(self) -> dict[str, tuple[int, int]]:
        """Address and size of the sections of the program."""
        lines = self._tool("size", "-A").splitlines()
        rows = [line.split() for line in lines if re.fullmatch(r"\S+\s+\d+\s+\d+", line.strip())]
        return {name: (int(address), int(size)) for name, size, address in rows}

    def symbol_sizes(self) -> dict[str, int]:
        """Size of the variables of the program."""
        rows = [line.split() for line in self._tool("nm", "-S").splitlines()]
        return {row[3]: int(row[1], 16) for row in rows if len(row) == 4 and row[2] in "bBdD"}

    def _tool(self, name: str, *options: str) -> str:
        command = [f"{self.board.prefix}{name}", *options, str(self.elf)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def has_picolibc(board: Board) -> bool:
    """Whether the board's compiler comes with picolibc."""
    command = [f"{board.prefix}gcc", "-print-file-name=picolibc.specs"]
    found = subprocess.run(command, capture_output=True, text=True)
    return Path(found.stdout.strip()).is_absolute()


def bench_results(lines: Sequence[str]) -> list[dict[str, Any]]:
    """Results of the bench application: the members of each, with its exit status."""
    containers = [json.loads(line) for line in lines if line.startswith("[{")]
    return [{**result, **status} for result, status in containers]


def msfcnn(*words: str | Path) -> dict[str, Any]:
    """What `msfcnn ... --json` prints."""
    command = [sys.executable, "-m", "msfcnn", *map(str, words), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    return dict(json.loads(done.stdout))
