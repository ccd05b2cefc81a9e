"""A process that flashes a board at a labgrid place and passes on what its serial port says.

    python -m msfcnn.firmware.labgrid_listener PLACE SECONDS COMMAND...

The port is open before COMMAND flashes the board, so nothing is missed; what an older program said
before the new one began is left out. SECONDS: what COMMAND may take. It listens until it is ended.
Exit code 1: the last line says what is wrong.

A process of its own, because labgrid keeps one event loop and one coordinator for a process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence

from labgrid import Target
from labgrid.driver import SerialDriver
from labgrid.exceptions import NoResourceFoundError
from labgrid.remote.client import Error as LabgridError
from labgrid.resource import NetworkSerialPort, RemotePlace
from pexpect import TIMEOUT
from serial import SerialException

_BOOT = b"main(): This is RIOT!"  # the first line of every program
_POLL = 0.2  # seconds
_CHUNK = 4096  # bytes


class _Lost(Exception):
    """The board cannot be flashed or heard; the text says why."""


class _Flashing(threading.Thread):
    """The flash tool at work; `error`: how it failed, once it has ended."""

    def __init__(self, command: Sequence[str], seconds: float) -> None:
        super().__init__(daemon=True)
        self.command, self.seconds = command, seconds
        self.error = ""

    def run(self) -> None:
        try:
            done = subprocess.run(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=self.seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            self.error = f"flashing did not end within {self.seconds:g} s"
            return
        if done.returncode:
            lines = done.stdout.decode(errors="replace").strip().splitlines() or ["no output"]
            self.error = f"cannot be flashed: {lines[-1].strip()}"


class _Place:
    """A board's place: its serial port, open, as long as its exporter is there."""

    def __init__(self, name: str) -> None:
        self._target = Target("msfcnn")
        try:
            place = RemotePlace(self._target, name=name)
            self._port = self._target.get_resource(NetworkSerialPort, wait_avail=False)
        except (NoResourceFoundError, LabgridError) as error:
            raise _Lost(f"no serial port there ({error})") from error
        known = place.manager.session.get_place(name).acquired_resources
        self._exporter = ", ".join(sorted({path[0] for path in known}))
        self._serial = SerialDriver(self._target, name=None)
        self._target.activate(self._serial)

    def read(self) -> bytes:
        """What has come meanwhile, perhaps nothing. Raises _Lost if its exporter has gone."""
        try:
            chunk = bytes(self._serial.read(size=_CHUNK, timeout=_POLL))  # or less, by then
        except TIMEOUT:
            chunk = b""
        try:
            self._target.update_resources()
            there = self._port.avail
        except KeyError:  # labgrid keeps an empty entry of a resource that is exported no more
            there = False
        if not there:
            raise _Lost(f"its exporter {self._exporter} is gone")
        return chunk


def listen(name: str, seconds: float, command: Sequence[str]) -> None:
    """Flash and pass on, for ever. Raises _Lost."""
    place = _Place(name)
    flashing = _Flashing(command, seconds)
    flashing.start()
    early = b""
    while flashing.is_alive():
        early += place.read()
    if flashing.error:
        raise _Lost(flashing.error)
    os.write(1, early[max(0, early.rfind(_BOOT)) :])
    while True:
        os.write(1, place.read())


def main(words: Sequence[str]) -> int:
    """Listen; say why it ended."""
    try:
        listen(words[0], float(words[1]), words[2:])
    except _Lost as error:
        what = str(error)
    except (SerialException, OSError) as error:
        what = f"its serial port was closed ({error})"
    os.write(1, f"\n{what}\n".encode())
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
