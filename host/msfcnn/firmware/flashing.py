"""Writes a program to a real board, by RIOT's own `make flash-only`."""

from __future__ import annotations

import contextlib

from msfcnn.errors import BoardError, Problem
from msfcnn.firmware import labgrid, riot


def flash(firmware: riot.Firmware) -> None:
    """Writes the program to the board. Raises BoardError, with the last line of the flash tool.

    Nothing is built here: `flash-only`, so that what runs is what was measured.
    """
    board = firmware.board
    variables = dict(riot.port_variables(board))
    with contextlib.ExitStack() as stack:
        if board.remote and board.remote.kind == "labgrid":
            variables |= stack.enter_context(labgrid.acquired(board))
        done = riot.make(firmware, ["flash-only"], board.timeout.flash, variables)
    if done.code == 0:
        return
    lines = done.output.strip().splitlines() or ["no output"]
    what = f"cannot be flashed: {lines[-1].strip()}"
    if done.code is None:
        what = f"flashing did not end within {board.timeout.flash:g} s"
    raise BoardError(Problem(board.name, what, "try: scons flash with the same variables"))
