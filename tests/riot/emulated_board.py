"""A real board's stand-in for a lab: an emulator behind a serial port (TCP) that can be flashed.

    emulated_board.py serve SERIAL_PORT CONTROL_PORT EMULATOR...    the board
    emulated_board.py flash CONTROL_PORT PROGRAM                    its flash tool

What nobody listens to is lost, as with a board. Flashing ends the program that runs and starts the
new one; unlike on a board it ends with its listener, too, for an emulator takes this computer's
time. A program of RIOT native needs no emulator: `env` runs it.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading


class Board:
    """A program that runs, or none, and at most one listener."""

    def __init__(self, emulator: list[str]) -> None:
        self.emulator = emulator
        self.program: subprocess.Popen[bytes] | None = None
        self.listener: socket.socket | None = None

    def flash(self, program: str) -> None:
        self.stop()
        self.program = subprocess.Popen(
            [*self.emulator, program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        threading.Thread(target=self._speak, args=(self.program,), daemon=True).start()
        print("flashed", program, flush=True)

    def stop(self) -> None:
        if self.program is not None:
            self.program.kill()
            self.program.wait()

    def _speak(self, program: subprocess.Popen[bytes]) -> None:
        assert program.stdout is not None
        while chunk := program.stdout.read1(4096):
            if self.listener is not None:
                try:
                    self.listener.sendall(chunk)
                except OSError:
                    self.listener = None

    def listen(self, port: int) -> None:
        for connection in connections(port):
            self.listener = connection
            while connection.recv(4096):
                pass  # no program of ours is talked to
            self.listener = None
            self.stop()

    def obey(self, port: int) -> None:
        for connection in connections(port):
            with connection:
                self.flash(connection.makefile().readline().rstrip("\n"))
                connection.sendall(b"flashed\n")


def connections(port: int):
    with socket.create_server(("127.0.0.1", port)) as server:
        while True:
            yield server.accept()[0]


def main(words: list[str]) -> int:
    if words[0] == "serve":
        board = Board(words[3:])
        threading.Thread(target=board.listen, args=(int(words[1]),), daemon=True).start()
        board.obey(int(words[2]))
    with socket.create_connection(("127.0.0.1", int(words[1])), 10) as board_end:
        board_end.sendall(f"{words[2]}\n".encode())
        return 0 if board_end.makefile().readline() == "flashed\n" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
