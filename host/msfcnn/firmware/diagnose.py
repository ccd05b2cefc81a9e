"""From what RIOT's make printed before it failed to what a user can do about it."""

from __future__ import annotations

import re
from pathlib import Path

from msfcnn.boards import Board
from msfcnn.errors import AbsentError, BoardError, Problem
from msfcnn.firmware.process import Finished

_DEBIAN = {
    "arm-none-eabi-": "gcc-arm-none-eabi libnewlib-arm-none-eabi picolibc-arm-none-eabi",
    "riscv64-unknown-elf-": "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
    "riscv-none-elf-": "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
    "gcc": "gcc libc6-dev",
    "qemu-system-arm": "qemu-system-arm",
    "qemu-system-riscv32": "qemu-system-misc",
}
_ESPRESSIF = {"xtensa-esp32-elf-": "esp32", "xtensa-esp32s3-elf-": "esp32s3"}
_RISCV_ESP = "riscv32-esp-elf-"

_MISSING = re.compile(r"(\S+) is required but not found in PATH")
_CLONE = re.compile(r"unable to access '(https?://[^']+?)/?'")
_OVERFLOW = re.compile(r"region [`'](\w+)' overflowed by (\d+) bytes")
_OVERLAP = re.compile(
    r"VMA \[([0-9a-f]+),[0-9a-f]+\] overlaps section \.bss VMA \[[0-9a-f]+,([0-9a-f]+)\]"
)
_OURS = re.compile(r"^error: (.*)(?:\n *hint: (.*))?", re.MULTILINE)
_ERROR = re.compile(r"^.*(?:\berror\b|\*\*\*|undefined reference|cannot find).*$", re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def build_error(board: Board, done: Finished, riot: Path) -> BoardError:
    """Why a build failed; an AbsentError where something has to be installed first."""
    text = _COLOUR.sub("", done.output)
    if missing := _MISSING.search(text):
        hint = how_to_install(board, missing[1], riot)
        return AbsentError(Problem(board.name, f"{missing[1]} not found", hint))
    if clone := _CLONE.search(text):
        what = f"RIOT needs {clone[1]} for it and could not clone it"
        hint = "build once with network access; offline: git config --global "
        hint += f"url.file:///YOUR/CLONE.insteadOf {clone[1]}"
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
    if overflow := _OVERFLOW.search(text):
        kind = "RAM" if "ram" in overflow[1].lower() else "flash"
        hint = "give a lower ram=" if kind == "RAM" else "take a smaller model, or a larger board"
        size = int(overflow[2])
        if overlap := _OVERLAP.search(text):  # .bss runs into a stack at the end of the RAM
            size = int(overlap[2], 16) - int(overlap[1], 16) + 1
        what = f"the program is {size:,} bytes too large for its {kind}"
        return Problem(board.name, what, hint)
    if ours := _OURS.search(text):
        return Problem(board.name, ours[1], ours[2] or "")
    line = _ERROR.search(text)
    what = line[0].strip() if line else (text.strip().splitlines() or ["no output"])[-1]
    return Problem(board.name, f"RIOT's make failed: {what}", "all of it is in make.log")


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
