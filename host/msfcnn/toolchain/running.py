"""Runs a program on its machine and reads back what it found.

Images and results are files that the program opens by semihosting, or directly on this computer.
The first image runs a second time with kernels that read the clock around the real ones, which
tells kernels and engine apart; what a reading of the clock takes is measured, too, and
subtracted.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msfcnn.errors import BoardError, Problem
from msfcnn.isa import Machine
from msfcnn.toolchain.counting import counting
from msfcnn.toolchain.simulator import simulator

LOOP_TURNS = 50_000  # of the calibration loop, by which a clock is checked
TIME_LIMIT = 3600.0  # seconds

_EXITS = {
    2: "its program cannot use its files",
    3: "msfcnn_init() refuses the model",
    4: "msfcnn_run() fails",
    70: "the processor met an exception",
}


@dataclass(frozen=True, eq=False)
class ProgramRun:
    """What the program says, in the machine's unit (instructions, cycles or ns) and bytes.

    outputs: int8 [n, bytes], all outputs of an image behind each other.
    loop:    what the calibration loop took; 0 where it is not counted.
    stages:  of the first image; they add up to its inference.
    kernels: (calls, cost) of the kernel of each op of the tables, for the first image.
    """

    outputs: NDArray[np.int8]
    inferences: tuple[int, ...]
    stages: tuple[int, ...]
    kernels: tuple[tuple[int, int], ...]
    stack: int | None
    context: int
    loop: int


def run(
    machine: Machine,
    program: Path,
    images: NDArray[np.int8],
    stages: int,
    ops: int,
    directory: Path,
    loop_turns: int = LOOP_TURNS,
) -> ProgramRun:
    """Runs a program on images [n, H, W, C] in an empty `directory`.

    stages, ops: of the model's tables. Raises BoardError.
    """
    setup = np.array([len(images), loop_turns], dtype="<u4")
    (directory / "setup").write_bytes(setup.tobytes())
    (directory / "images").write_bytes(np.ascontiguousarray(images).tobytes())
    for file in ("outputs", "facts"):
        (directory / file).write_bytes(b"")
    _execute(machine, program, directory)
    facts = [int(v) for v in np.fromfile(directory / "facts", dtype="<u8")]
    outputs = np.fromfile(directory / "outputs", dtype=np.int8).reshape(len(images), -1)
    empty, once, twice, stack, context, *ticks = facts
    per = machine.ticks or Fraction(1)
    # a loop of known length, run once and twice: the difference is free of what surrounds it
    loop = _count(twice - once, per)
    if machine.ticks:
        _check_clock(machine, loop, loop_turns * machine.turn, per)
    hollow, *counts = ticks[stages : stages + 1 + 2 * ops]
    inferences = [_count(t - empty, per) for t in ticks[stages + 1 + 2 * ops :]]
    kernels = zip(counts[::2], counts[1::2], strict=True)
    return ProgramRun(
        outputs=outputs,
        inferences=tuple(inferences),
        stages=tuple(_without_probe([_count(t, per) for t in ticks[:stages]], inferences[0])),
        kernels=tuple((calls, max(0, _count(t - calls * hollow, per))) for calls, t in kernels),
        stack=stack if machine.emulator else None,
        context=context,
        loop=loop,
    )


def _execute(machine: Machine, program: Path, directory: Path) -> None:
    """Runs a program on this computer or in the emulator. Raises BoardError, after a while
    for time.
    """
    command = [*_emulator(machine, program, directory), str(program.resolve())]
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIME_LIMIT,
        )
    except subprocess.TimeoutExpired:
        what = f"the program does not end within {TIME_LIMIT:.0f} s"
        raise BoardError(Problem(machine.name, what)) from None
    if done.returncode:
        said = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[0]
        raise BoardError(Problem(machine.name, _EXITS.get(done.returncode, said)))


def _emulator(machine: Machine, program: Path, directory: Path) -> list[str]:
    """The words in front of a program; none on this computer."""
    if machine.rtl:
        return [str(simulator(machine.name, program.parent).resolve())]
    if not machine.emulator:
        return []
    counted = counting(machine, program, directory) if machine.model else []
    quiet = ("-display", "none", "-monitor", "none", "-serial", "none")
    return [*machine.emulator, *quiet, *counted, "-kernel"]


def _count(ticks: int, per: Fraction) -> int:
    """From ticks of the machine's clock to its unit, `per` ticks each."""
    return round(Fraction(ticks) / per)


def _check_clock(machine: Machine, loop: int, expected: int, per: Fraction) -> None:
    """A count is off by one at most, or by what a tick is worth."""
    if abs(loop - expected) > max(1, round(1 / per)):
        raise BoardError(
            Problem(
                machine.name,
                f"its clock is not one of {machine.unit}: {loop} for a loop of {expected}",
                f"use another version of {machine.emulator[0]} (7.2 is known to be exact)",
            )
        )


def _without_probe(stages: list[int], inference: int) -> list[int]:
    """Without the call at the end of each stage, which is the same for all; they add up exactly."""
    probe = Fraction(sum(stages) - inference, len(stages))
    ends = [round(total - (i + 1) * probe) for i, total in enumerate(accumulate(stages))]
    return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]
