"""Builds that would write into one directory go one after the other, whoever runs them.

scons, `msfcnn build` in two terminals and threads of one nightly run are told apart by nobody else:
the lock is a file, locked by flock(2), which the kernel frees with its process.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from msfcnn.firmware.process import check_stop

# environment: directories that the process around this one keeps to itself, and so to us
HELD = "MSFCNN_HELD"

_POLL = 0.1  # seconds; waiting in the kernel could not be interrupted in a thread
_ours: ContextVar[frozenset[Path]] = ContextVar("ours", default=frozenset())


@contextlib.contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Keeps a directory, which may not exist yet, to the block; waits until it is free.

    May be nested. Raises Stopped if the builds of this thread are to end.
    """
    path = directory.absolute()
    if path in _ours.get() or str(path) in os.environ.get(HELD, "").split(os.pathsep):
        yield
        return
    with locked(_lock_file(path)):
        token = _ours.set(_ours.get() | {path})
        try:
            yield
        finally:
            _ours.reset(token)


def is_taken(directory: Path) -> bool:
    """Whether somebody else is at work there, so that `alone_in` would wait."""
    path = directory.absolute()
    lock = _lock_file(path)
    if not lock.exists() or str(path) in os.environ.get(HELD, "").split(os.pathsep):
        return False
    with lock.open("a") as file:
        return not _take(file.fileno())


@contextlib.contextmanager
def locked(lock: Path) -> Iterator[None]:
    """Holds a lock file, made if needed, for the block."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as file:
        while not _take(file.fileno()):
            check_stop()
            time.sleep(_POLL)
        yield


def _lock_file(directory: Path) -> Path:
    """Beside the directory, which `scons clean` removes."""
    return directory.parent / f".{directory.name}.lock"


def _take(file: int) -> bool:
    """Locks the open file without waiting; False if somebody else holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
