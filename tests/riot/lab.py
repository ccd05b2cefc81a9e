"""A lab on this machine's loopback: a labgrid coordinator, exporters, emulated boards at them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

EMULATED_BOARD = Path(__file__).with_name("emulated_board.py")


@dataclass
class Lab:
    """What runs, by name, and where. Everything is ended by `close`."""

    directory: Path
    address: str = ""
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def env(self) -> Mapping[str, str]:
        return {
            **os.environ,
            "LG_COORDINATOR": self.address,
            "MSFCNN_BOARDS": str(self.directory / "boards.yaml"),
        }

    def log(self, name: str) -> str:
        path = self.directory / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self, name: str, command: Sequence[str]) -> None:
        with (self.directory / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.directory, start_new_session=True
            )

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def client(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [*labgrid("client"), *words]
        return subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)

    def close(self) -> None:
        for name in list(self.running):
            self.kill(name)


def open_lab(directory: Path, exporters: Mapping[str, Mapping[str, Mapping[str, object]]]) -> Lab:
    """Boards by exporter and name, as entries of boards.yaml: what QEMU emulates, or native."""
    lab = Lab(directory, f"127.0.0.1:{free_port()}")
    lab.start("coordinator", [*labgrid("coordinator"), "-l", lab.address])
    wait(lambda: "Coordinator ready" in lab.log("coordinator"), "the coordinator")
    entries = {}
    for exporter, boards in exporters.items():
        resources = {}
        for name, entry in boards.items():
            serial, control = free_port(), free_port()
            emulator = str(entry.get("emulator") or "env").split()
            ports = [str(serial), str(control)]
            lab.start(name, [sys.executable, str(EMULATED_BOARD), "serve", *ports, *emulator])
            port = {"host": "127.0.0.1", "port": serial, "protocol": "raw"}
            resources[name] = {"NetworkSerialPort": port}
            flash = f"{sys.executable} {EMULATED_BOARD} flash {control} {{elf}}"
            remote = {"labgrid": f"place-{name}", "flash": flash}
            rest = {key: value for key, value in entry.items() if key != "emulator"}
            entries[name] = {**rest, "runner": "serial", "remote": remote}
        file = directory / f"{exporter}.yaml"
        file.write_text(yaml.safe_dump(resources))
        options = ["-c", lab.address, "-n", exporter, "--hostname", "127.0.0.1"]
        lab.start(exporter, [*labgrid("exporter"), *options, str(file)])
        wait(lambda name=exporter: "connected to" in lab.log(name), exporter)
        for name in boards:
            assert lab.client("-p", f"place-{name}", "create").returncode == 0
            match = f"{exporter}/{name}/*"
            assert lab.client("-p", f"place-{name}", "add-match", match).returncode == 0
    (directory / "boards.yaml").write_text(yaml.safe_dump(entries))
    return lab


def labgrid(part: str) -> list[str]:
    return [sys.executable, "-m", f"labgrid.remote.{part}"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait(holds: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not ready within {seconds:g} s"
        time.sleep(0.1)
