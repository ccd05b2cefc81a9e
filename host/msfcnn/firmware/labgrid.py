"""Boards at the places of a labgrid coordinator: reserved, acquired, flashed, heard, released.

labgrid's own client does it, a process for each step: labgrid keeps one event loop and one
coordinator for a process, and `nightly` works on several boards at a time.
The coordinator is found as labgrid itself finds it: $LG_COORDINATOR, or 127.0.0.1:20408.
"""

from __future__ import annotations

import contextlib
import getpass
import importlib.util
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msfcnn.boards import Board
from msfcnn.errors import AbsentError, BoardError, Problem
from msfcnn.firmware.exclusive import locked
from msfcnn.firmware.process import Finished, run_bounded
from msfcnn.firmware.results import is_end

INSTALL = "pip install 'msfcnn[labgrid]'"
_LISTENER = "msfcnn.firmware.labgrid_listener"
_CLIENT = (sys.executable, "-m", "labgrid.remote.client")
_SECONDS = 60.0  # for a call of the client that waits for nobody
_TOKEN = re.compile(r"LG_TOKEN=(\S+)")


@contextlib.contextmanager
def acquired(board: Board) -> Iterator[Mapping[str, str]]:
    """Keeps the board's place to the block; gives the variables that labgrid's client needs.

    Waits in labgrid's queue for as long as the board's timeouts say.
    Raises AbsentError if labgrid, its coordinator or the place is not there.
    """
    place = place_of(board)
    if importlib.util.find_spec("labgrid") is None:
        raise AbsentError(Problem(board.name, "labgrid is not installed", INSTALL))
    # Of a user of its own, so that a place that a killed program left acquired can be told from
    # one that a person works with. Programs of this computer take turns by the file lock.
    ours = {"LG_USERNAME": f"{os.environ.get('LG_USERNAME') or getpass.getuser()}-msfcnn"}
    env = {**os.environ, **ours}
    with locked(_lock_file(place)):
        _ask(board, ["-p", place, "show"], env)
        _client(["-p", place, "release"], env, _SECONDS)  # says so if there is nothing to release
        env["LG_TOKEN"] = _reserve(board, place, env)
        try:
            _ask(board, ["-p", place, "acquire"], env)
            try:
                yield ours
            finally:
                _client(["-p", place, "release"], env, _SECONDS)
        finally:
            _client(["cancel-reservation"], env, _SECONDS)


def place_of(board: Board) -> str:
    """The board's place at the coordinator."""
    assert board.remote is not None
    return board.remote.place


def listen(board: Board, flash: Sequence[str], env: Mapping[str, str]) -> Finished:
    """Flashes an acquired board with a command; all that it prints until the program has ended.

    Raises BoardError if it cannot be flashed, or is lost meanwhile.
    """
    command = [sys.executable, "-m", _LISTENER, place_of(board), str(board.timeout.flash), *flash]
    done = run_bounded(command, board.timeout.flash + board.timeout.run, env, until=is_end)
    if done.code:
        last = (done.output.strip().splitlines() or ["labgrid said nothing"])[-1]
        hint = f"`labgrid-client -p {place_of(board)} show` says what is exported there"
        raise BoardError(Problem(board.name, f"labgrid place {place_of(board)}: {last}", hint))
    return done


def _reserve(board: Board, place: str, env: Mapping[str, str]) -> str:
    """The token of a reservation that has been granted.

    Raises BoardError if others have the place for longer than the board's timeout, AbsentError if
    the coordinator refuses. A reservation that is not used is cancelled: it would block the queue.
    """
    words = ["reserve", "--shell", "--wait", f"name={place}"]
    done = _client(words, env, board.timeout.place)
    token = _TOKEN.search(done.output)
    if done.code == 0 and token:
        return token[1]
    if token:
        _client(["cancel-reservation", token[1]], env, _SECONDS)
    if done.code is None:
        what = f"labgrid place {place} was not free within {board.timeout.place:g} s"
        hint = f"`labgrid-client -p {place} show` says who has it; or raise timeout: place:"
        raise BoardError(Problem(board.name, what, hint))
    raise _refused(board, done)


def _ask(board: Board, words: Sequence[str], env: Mapping[str, str]) -> None:
    done = _client(words, env, _SECONDS)
    if done.code != 0:
        raise _refused(board, done)


def _refused(board: Board, done: Finished) -> AbsentError:
    """What labgrid's client says, in its last line."""
    last = (done.output.strip().splitlines() or ["it did not answer"])[-1]
    where = os.environ.get("LG_COORDINATOR", "127.0.0.1:20408")
    what = f"labgrid place {place_of(board)}: {last.removeprefix('labgrid-client: ')}"
    hint = f"the coordinator is looked for at {where}; `labgrid-client places` lists its places"
    return AbsentError(Problem(board.name, what, hint))


def _client(words: Sequence[str], env: Mapping[str, str], seconds: float) -> Finished:
    return run_bounded([*_CLIENT, *words], seconds, env)


def _lock_file(place: str) -> Path:
    """The kernel frees it with the process, however that ends."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    where = os.environ.get("LG_COORDINATOR", "local")
    name = re.sub(r"[^\w.-]", "_", f"{where}-{place}")
    return cache / "msfcnn" / "labgrid" / f"{name}.lock"
