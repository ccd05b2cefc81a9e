"""The machines to measure on: whether this computer has what they need.

Nothing is looked for before a machine is asked for, so that `msfcnn` works without any cross
compiler.
"""

from __future__ import annotations

import shutil

from msfcnn.errors import BoardError, Problem
from msfcnn.isa import MACHINES, Machine
from msfcnn.suggest import did_you_mean


def missing(machine: Machine) -> list[Problem]:
    """The programs a machine needs and this computer lacks."""
    return [
        Problem(machine.name, f"{program} not found", package)
        for program, package in zip(machine.programs, machine.packages, strict=True)
        if not shutil.which(program)
    ]


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
