"""Runs a program on its board, through RIOT's own flash and terminal (riotctrl)."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import pexpect
from riotctrl.ctrl import RIOTCtrl

from msfcnn.firmware import labgrid, riot
from msfcnn.firmware.flashing import flash
from msfcnn.firmware.process import Finished, run_bounded
from msfcnn.firmware.results import is_end

_START = {"serial": 3.0}  # seconds until a terminal has opened its port
_RESET_SECONDS = 60.0


class _Ctrl(RIOTCtrl):  # type: ignore[misc]
    """A board in exactly the given environment, whose terminal leaves no process behind."""

    def __init__(self, application: Path, env: Mapping[str, str], runner: str) -> None:
        super().__init__(str(application))
        self.env = dict(env)
        self.TERM_STARTED_DELAY = _START.get(runner, 0.0)

    def reset(self) -> None:
        """Reset the board; some boards report an error though it worked."""
        run_bounded(self.make_command(self.RESET_TARGETS), _RESET_SECONDS, self.env)

    def stop_term(self) -> None:
        """End the terminal and all that it has started."""
        group = getattr(self.term, "pid", None)
        super().stop_term()
        if group is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)


def run_on_board(firmware: riot.Firmware) -> Finished:
    """All that a built program prints until it ends or its time is over; flashes a real board.

    The terminal is open before the board is reset, so that no line is missed. Ends at the record
    that `results.is_end` knows: a board's program never ends by itself. Code None: time is over.
    """
    board = firmware.board
    if board.remote and board.remote.kind == "labgrid":
        return _run_at_place(firmware)
    if board.runner == "serial":
        flash(firmware)
    env = {**riot.environment(firmware), **riot.port_variables(board)}
    ctrl = _Ctrl(firmware.application, env, board.runner)
    begin, shown, ended, late = time.monotonic(), "", False, False
    with ctrl.run_term(reset=board.runner == "serial") as terminal:
        deadline = begin + board.timeout.run
        while not ended and not late:
            try:
                terminal.expect(r"\r?\n", timeout=max(0.1, deadline - time.monotonic()))
                shown += terminal.before + "\n"
                ended = is_end(terminal.before)
            except pexpect.EOF:
                shown += terminal.before or ""
                ended = True
            except pexpect.TIMEOUT:
                shown += terminal.before or ""
                late = True
    return Finished(None if late else 0, shown, time.monotonic() - begin, stopped=ended)


def _run_at_place(firmware: riot.Firmware) -> Finished:
    """The same at a labgrid place, which is kept from flashing to the last line."""
    command, env = riot.make_command(firmware, "flash-only")
    with labgrid.acquired(firmware.board) as ours:
        return labgrid.listen(firmware.board, command, {**env, **ours})
