"""FE310 (SiFive E31): the timings of the FE310-G002 manual, code and data in its fast memories.

Words that are loaded can be used after two cycles, bytes and halfwords after three, products after
five; the multiplier takes one product at a time. A mispredicted branch costs three cycles. Which
are, hangs on the history: here branches back are predicted as taken, branches forward as not taken,
returns and direct jumps rightly, other jumps to registers wrongly. Divisions take 33 cycles, the
longest.

Left out: misses of the instruction cache (16 KB in front of serial flash) and, what weighs more,
loads of weights and tables from that flash, which no cache holds.
"""

from __future__ import annotations

from collections.abc import Sequence

from msfcnn.cyclemodel import riscv
from msfcnn.cyclemodel.instruction import Instruction
from msfcnn.cyclemodel.timing import Timing

NAME = "fe310"

PRODUCT, DIVISION, COUNTER, MISPREDICTED = 5, 33, 3, 3


def timings(instructions: Sequence[Instruction]) -> tuple[Timing, ...]:
    """The timing of each instruction of a program."""
    return riscv.timings(_behaviour, instructions)


def _behaviour(i: Instruction) -> riscv.Behaviour:
    back = riscv.is_branch(i) and riscv.goes_back(i)
    multiplies = i.mnemonic.startswith("mul") or riscv.is_division(i)
    return riscv.Behaviour(
        latency=_latency(i),
        jump=_jump(i),
        fall=MISPREDICTED if back else 0,
        unit="multiplier" if multiplies else None,
    )


def _latency(i: Instruction) -> int:
    if riscv.is_load(i):
        return 2 if i.mnemonic == "lw" else 3
    if i.mnemonic.startswith("mul"):
        return PRODUCT
    if riscv.is_division(i):
        return DIVISION
    return COUNTER if i.mnemonic.startswith("csr") else 1


def _jump(i: Instruction) -> int:
    if riscv.is_branch(i):
        return 0 if riscv.goes_back(i) else MISPREDICTED
    return MISPREDICTED if riscv.is_indirect(i) and i.mnemonic != "ret" else 0
