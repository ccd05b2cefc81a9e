"""Runs a program with its children, bounded in time; nothing of it is left behind.

subprocess.run ends the program alone when its time is over; make's compilers, or an emulator behind
a terminal, would live on and hold the port. A process group of its own reaches all of them.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

_GRACE = 2.0  # seconds between asking a process group to end and ending it


_stop: ContextVar[threading.Event | None] = ContextVar("stop", default=None)


class Stopped(Exception):
    """What this thread does is not wanted any more."""


def stop_when(event: threading.Event) -> None:
    """From now on, programs that this thread runs are ended when the event is set."""
    _stop.set(event)


def check_stop() -> None:
    """Raises Stopped if this thread is to end."""
    if _is_over():
        raise Stopped


def _is_over() -> bool:
    event = _stop.get()
    return event is not None and event.is_set()


@dataclass(frozen=True)
class Finished:
    """How a program came out. `code`: None if it did not end within its time.

    stopped: it was ended because `until` had seen what it wanted.
    """

    code: int | None
    output: str
    seconds: float
    stopped: bool = False


def run_bounded(
    command: Sequence[str],
    seconds: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    until: Callable[[str], bool] | None = None,
) -> Finished:
    """Runs a command in a process group of its own and ends the group, whatever happened.

    seconds: until it is ended; `Finished.code` is None then. env, cwd: by default ours.
    Standard input stays open and silent, errors are part of the output. `until` is asked after
    every line; the program is ended when it says yes. Raises Stopped (see `stop_when`).
    """
    check_stop()
    begin = time.monotonic()
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=env,
        cwd=cwd,
        start_new_session=True,
    )
    try:
        output, state = _read(process, begin + seconds, until)
        if state == "end":
            try:
                process.wait(max(0.1, begin + seconds - time.monotonic()))
            except subprocess.TimeoutExpired:
                state = "late"
    finally:
        _end_group(process)
    check_stop()
    code = process.returncode if state == "end" else None
    took = time.monotonic() - begin
    return Finished(code, output.decode(errors="replace"), took, state == "stopped")


def _read(
    process: subprocess.Popen[bytes], deadline: float, until: Callable[[str], bool] | None
) -> tuple[bytes, str]:
    """The output so far, and why reading ended: end, late, stopped or over.

    end: the program has ended; late: its time is over; stopped: `until` said yes; over: this
    thread is to end. It looks up five times a second, for a stop comes from another thread.
    """
    assert process.stdout is not None
    collected, line = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if _is_over():
                return bytes(collected), "over"
            if not selector.select(min(left, 0.2)):
                ended = process.poll() is not None
                # it may have written and ended between the two calls
                if ended and not selector.select(0):
                    return bytes(collected), "end"  # a child that lives on holds the pipe open
                continue
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                return bytes(collected), "end"
            collected += chunk
            line += chunk
            *lines, rest = line.split(b"\n")
            line = bytearray(rest)
            if until and any(until(text.decode(errors="replace").rstrip("\r")) for text in lines):
                return bytes(collected), "stopped"
    return bytes(collected), "late"


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Ends a process and all its children: asked first, after a while by force."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            continue
        if number == signal.SIGTERM and not _alive(process.pid):
            break
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def _alive(group: int) -> bool:
    """Whether a process of the group is left, one that waits for its parent included."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
