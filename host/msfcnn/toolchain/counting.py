"""Makes QEMU count the cycles of a cycle model: a plugin, and a table of the program's timings.

QEMU itself counts instructions only. The program is disassembled, `cyclemodel` says what each of
its instructions takes, and the plugin adds that up as they are executed.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from msfcnn.cyclemodel import MODELS, disassembled, encoded
from msfcnn.errors import BoardError, Problem
from msfcnn.isa import Machine
from msfcnn.toolchain.once import make_once

SOURCE = Path(__file__).with_name("cycles_plugin.c")
SECOND_INTERFACE = 9  # the version of QEMU that has dropped the first one


def counting(machine: Machine, program: Path, directory: Path) -> list[str]:
    """Options of QEMU, after a table of timings is written into its working `directory`.

    The plugin is kept beside the program. Raises BoardError.
    """
    plugin = _plugin(machine, program.parent)
    text = _said(machine, [f"{machine.binutils}objdump", "-d", str(program)])
    timings = MODELS[machine.model](disassembled(text))
    (directory / "timing").write_bytes(encoded(timings))
    return ["-plugin", f"file={plugin.resolve()}"]


def _plugin(machine: Machine, directory: Path) -> Path:
    """The compiled plugin, for the version of QEMU there is."""
    version = re.search(r"version (\d+)", _said(machine, [machine.emulator[0], "--version"]))
    interface = 1 + (version is not None and int(version[1]) >= SECOND_INTERFACE)
    name = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:24]
    target = directory / f"cycles-{interface}-{name}.so"
    command = [machine.programs[-1], "-O2", "-shared", "-fPIC", f"-DPLUGIN_VERSION={interface}"]
    make_once(target, lambda fresh: _said(machine, [*command, str(SOURCE), "-o", str(fresh)]))
    return target


def _said(machine: Machine, command: Sequence[str]) -> str:
    """What a program prints. Raises BoardError if it fails or cannot be run."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except OSError as error:
        what = f"{command[0]} cannot be run: {error.strerror}"
        raise BoardError(Problem(machine.name, what, "; ".join(machine.packages))) from error
    if done.returncode:
        complaint = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise BoardError(Problem(machine.name, f"{command[0]} fails: {complaint}"))
    return done.stdout
