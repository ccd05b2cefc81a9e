"""From what RIOT's make printed before it failed to what a user can do about it.

What make, compilers and linkers tell is text for people, so this file is a list of patterns. What
none of them knows is told by the first line that looks like an error, and by the log.
"""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

from msfcnn.boards import Board
from msfcnn.errors import AbsentError, BoardError, Problem
from msfcnn.firmware.process import Finished

# packages of Debian, by how the name of a tool begins
_DEBIAN = {
    "arm-none-eabi-": "gcc-arm-none-eabi libnewlib-arm-none-eabi picolibc-arm-none-eabi",
    "riscv64-unknown-elf-": "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
    "riscv-none-elf-": "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
    "gcc": "gcc libc6-dev",
    "qemu-system-arm": "qemu-system-arm",
    "qemu-system-riscv32": "qemu-system-misc",
}
_PICOLIBC = "picolibc-arm-none-eabi picolibc-riscv64-unknown-elf"
_ESPRESSIF = {f"xtensa-{chip}-elf-": chip for chip in ("esp32", "esp32s2", "esp32s3")}
_RISCV_ESP = "riscv32-esp-elf-"

_MISSING = re.compile(r"(\S+) is required but not found in PATH")
_CLONE = re.compile(r"unable to access '(https?://[^']+?)/?'")
_PACKAGE = re.compile(r"/pkg/([\w-]+)/\.pkg-state\.git-\w+\] Error")
_FATAL = re.compile(r"^(?:fatal|error): .*$", re.MULTILINE)
_OVERFLOW = re.compile(r"region [`'](\w+)'(?: |: )overflowed by (\d+) bytes")
_NO_ROOM = re.compile(r"(?:will not fit in|is not within) region [`'](\w+)'")
_RANGE = r"section (\S+) (VMA|LMA) \[([0-9a-f]+),([0-9a-f]+)\]"
_OVERLAP = re.compile(f"{_RANGE} overlaps {_RANGE}")
_LACKS = re.compile(r"unsatisfied feature requirements: (.+)")
_EXCLUDED = re.compile(r"feature requirements are blacklisted: (.+)")
_OURS = re.compile(r"^error: (.*)(?:\n *hint: (.*))?", re.MULTILINE)
_OUR_MAKE = re.compile(r"^msfcnn: (.*)(?:\nmsfcnn: (.*))?", re.MULTILINE)
_REFUSED = re.compile(r'error: #error "msfcnn: ([^;"]*)(?:; )?([^"]*)"')
_ERROR = re.compile(r"^.*(?:\berror\b|\*\*\*|undefined reference|cannot find).*$", re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*[mK]")


def build_error(board: Board, done: Finished, riot: Path) -> BoardError:
    """Why a build failed; an AbsentError where something has to be installed first.

    The order matters: a missing tool makes later errors that look like a broken program.
    """
    text = _COLOUR.sub("", done.output)
    if missing := _MISSING.search(text):
        hint = how_to_install(board, missing[1], riot)
        return AbsentError(Problem(board.name, f"{missing[1]} not found", hint))
    if clone := _CLONE.search(text):
        what = f"RIOT needs {clone[1]} for it and could not clone it"
        without = ""
        # for newlib, whose printf takes from the heap; with clang RIOT knows no other library
        if clone[1].endswith("mpaland/printf") and os.environ.get("TOOLCHAIN") != "llvm":
            without = (
                f"install picolibc, which does without it (Debian: apt install {_PICOLIBC}), or "
            )
        hint = f"{without}build once with network access; offline: git config --global "
        hint += f"url.file:///YOUR/CLONE.insteadOf {clone[1]}"
        return AbsentError(Problem(board.name, what, hint))
    if package := _PACKAGE.search(text):
        fatal = _FATAL.search(text)
        what = f"RIOT could not fetch its package {package[1]}"
        what += f": {fatal[0]}" if fatal else ""
        hint = "build once with network access; see make.log"
        return AbsentError(Problem(board.name, what, hint))
    if "bits/libc-header-start.h" in text or "skipping incompatible" in text:
        hint = "install them (Debian: apt install gcc-multilib)"
        return AbsentError(Problem(board.name, "the compiler lacks 32-bit libraries", hint))
    return BoardError(_failure(board, done.code, text))


def _failure(board: Board, code: int | None, text: str) -> Problem:
    """What went wrong in a build that has all it needs."""
    if code is None:
        what = f"the build did not end within {board.timeout.build:g} s"
        return Problem(board.name, what, "raise timeout: build: of the board, or see make.log")
    if code < 0:
        what = f"RIOT's make was ended by signal {-code} ({signal.strsignal(-code)})"
        return Problem(board.name, what, "if memory is short, build fewer boards at a time")
    if too_large := _too_large(text):
        kind, size = too_large
        many = f"{size:,} bytes too large" if size else "too large"
        return Problem(board.name, f"the program is {many} for its {kind}", _SMALLER[kind])
    if lacks := _LACKS.search(text):
        what = f"RIOT has no {_listed(lacks[1])} for this board, which the application needs"
        return Problem(
            board.name, what, "take an application that does without, such as app=digits"
        )
    if excluded := _EXCLUDED.search(text):
        what = f"it needs {_listed(excluded[1])}, which FEATURES_BLACKLIST excludes"
        return Problem(board.name, what, "unset FEATURES_BLACKLIST in the environment")
    if ours := _REFUSED.search(text) or _OURS.search(text) or _OUR_MAKE.search(text):
        return Problem(board.name, ours[1], ours[2] or "")
    line = _ERROR.search(text)
    what = line[0].strip() if line else (text.strip().splitlines() or ["no output"])[-1]
    return Problem(board.name, f"RIOT's make failed: {what}", "all of it is in make.log")


def _listed(words: str) -> str:
    return ", ".join(words.split())


_SMALLER = {
    "RAM": "give a lower ram=",
    "flash": "take a smaller model, or a larger board",
    "instruction RAM": "leave out modules that place code there",
}


def _too_large(text: str) -> tuple[str, int] | None:
    """The memory that a linker found too small and the bytes that are missing; 0: not said.

    GNU ld and LLVM's lld say it in different words, and RIOT's scripts reserve a stack at the end
    of RAM, which shows as sections that overlap. The largest shortage is told.
    """
    missing: dict[str, int] = {}
    for region in _NO_ROOM.findall(text):
        missing.setdefault(_memory(region), 0)
    for region, size in _OVERFLOW.findall(text):
        missing[_memory(region)] = max(int(size), missing.get(_memory(region), 0))
    for _, kind, *first, _, _, low, high in _OVERLAP.findall(text):
        # the end of RAM is kept for a stack, which .bss or .noinit run into
        ranges = sorted((int(a, 16), int(b, 16)) for a, b in (first, (low, high)))
        memory = "RAM" if kind == "VMA" else "flash"
        missing[memory] = max(ranges[0][1] - ranges[1][0] + 1, missing.get(memory, 0))
    return max(missing.items(), key=lambda found: found[1]) if missing else None


def _memory(region: str) -> str:
    """What a memory region of a linker script is."""
    name = region.lower()
    if name.startswith("iram") and not name.startswith("iram0_2"):  # that is mapped flash
        return "instruction RAM"
    return "RAM" if "ram" in name and not name.startswith("iram") else "flash"


def how_to_install(board: Board, tool: str, riot: Path) -> str:
    """Where a missing tool comes from."""
    for prefix, name in _ESPRESSIF.items():
        if tool.startswith(prefix):
            return _espressif(riot, name)
    if tool.startswith(_RISCV_ESP):
        chip = re.match(r"esp32[a-z]\d", str(board.riot))
        return _espressif(riot, chip[0] if chip else "esp32c3")
    for prefix, packages in _DEBIAN.items():
        if tool.startswith(prefix):
            return f"install it (Debian: apt install {packages})"
    return f"install it (on Debian perhaps: apt install {tool})"


def _espressif(riot: Path, chip: str) -> str:
    tools = riot / "dist" / "tools" / "esptools"
    return f"run {tools}/install.sh {chip}, then: . {tools}/export.sh {chip}"
