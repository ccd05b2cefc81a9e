"""CV32E40P: the cycle counts of its user manual, without wait states.

Jumps take two cycles, taken branches three, one more where the instruction there has 32 bits and
is not aligned to them; the high word of a product five, a division 35, the longest; a result of a
load can be used one instruction later, or costs a cycle. Its RTL can be simulated
(`bench --board rtl-cv32e40p`): this model is there to be compared with that.
"""

from __future__ import annotations

from collections.abc import Sequence

from msfcnn.cyclemodel import riscv
from msfcnn.cyclemodel.instruction import Instruction
from msfcnn.cyclemodel.timing import Timing

NAME = "cv32e40p"

HIGH_PRODUCT, DIVISION, COUNTER = 5, 35, 4


def timings(instructions: Sequence[Instruction]) -> tuple[Timing, ...]:
    """The timing of each instruction of a program."""
    return riscv.timings(_behaviour, instructions)


def _behaviour(i: Instruction) -> riscv.Behaviour:
    occupied = _occupied(i)
    return riscv.Behaviour(
        occupied=occupied,
        latency=2 if riscv.is_load(i) else occupied,
        jump=2 if riscv.is_branch(i) else int(riscv.is_jump(i)),
        entry=int(riscv.crosses_word(i)),
    )


def _occupied(i: Instruction) -> int:
    if i.mnemonic.startswith("mulh"):
        return HIGH_PRODUCT
    if riscv.is_division(i):
        return DIVISION
    return COUNTER if i.mnemonic.startswith("csr") else 1
