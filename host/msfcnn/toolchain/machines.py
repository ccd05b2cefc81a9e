"""The machines to measure on: whether this computer has what they need.

Nothing is looked for before a machine is asked for, so that `msfcnn` works without any cross
compiler.
"""

from __future__ import annotations

import shutil

from msfcnn.errors import BoardError, Problem
from msfcnn.isa import MACHINES, Machine
from msfcnn.suggest import did_you_mean
from msfcnn.toolchain.simulator import rtl_problem


def missing(machine: Machine) -> list[Problem]:
    """The programs, and the RTL, that a machine needs and this computer lacks."""
    problems = [
        Problem(machine.name, f"{program} not found", package)
        for program, package in zip(machine.programs, machine.packages, strict=True)
        if not shutil.which(program)
    ]
    rtl = rtl_problem(machine.name) if machine.rtl else None
    return [*problems, rtl] if rtl else problems


def find_machine(name: str) -> Machine:
    """The machine of that name, with all its programs at hand. Raises BoardError."""
    for machine in MACHINES:
        if machine.name == name:
            problems = missing(machine)
            if problems:
                raise BoardError(*problems)
            return machine
    names = [machine.name for machine in MACHINES]
    hint = f"{did_you_mean(name, names)} there are: {', '.join(names)}".strip()
    raise BoardError(Problem("board", f"cannot measure on '{name}'", hint))
