"""Cortex-M0 and M0+: the timings of their Technical Reference Manuals, without wait states.

One cycle an instruction, with the multiplier that takes one; loads and stores two; LDM, STM, PUSH
and POP one and one for each register. Jumps taken are what the two differ in: M0+ has one stage of
the pipeline less to refill.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from msfcnn.cyclemodel.instruction import Instruction
from msfcnn.cyclemodel.timing import Timing

_CONDITION = "(?:eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)?"
_BRANCH = re.compile(f"b{_CONDITION}|bx|blx")
_MULTIPLE = re.compile("(ldm|stm|push|pop)")
_ACCESS = re.compile("(ldr|str)")
_STATUS = re.compile("mrs|msr|dmb|dsb|isb")
_RANGE = re.compile(r"\br(\d+)-r(\d+)\b")


@dataclass(frozen=True)
class _Core:
    """Cycles of a jump taken beyond the first; of BL all; of POP to PC beyond 1 + N; of MRS all."""

    refill: int
    call: int
    popped: int
    status: int


_PLUS = _Core(refill=1, call=3, popped=2, status=3)
_PLAIN = _Core(refill=2, call=4, popped=3, status=4)


def plus(instructions: Sequence[Instruction]) -> tuple[Timing, ...]:
    """Cortex-M0+."""
    return tuple(_timing(_PLUS, i) for i in instructions)


def plain(instructions: Sequence[Instruction]) -> tuple[Timing, ...]:
    """Cortex-M0."""
    return tuple(_timing(_PLAIN, i) for i in instructions)


MODELS = {"cortex-m0plus": plus, "cortex-m0": plain}


def _timing(core: _Core, i: Instruction) -> Timing:
    cycles = _cycles(core, i)
    return Timing(address=i.address, straight=cycles, arrived=cycles, jump=_jump(core, i))


def _cycles(core: _Core, i: Instruction) -> int:
    name = _name(i)
    if name == "bl":
        return core.call
    if _MULTIPLE.match(name):
        return 1 + _registers_in_list(i)
    if _ACCESS.match(name):
        return 2
    return core.status if _STATUS.fullmatch(name) else 1


def _jump(core: _Core, i: Instruction) -> int:
    """Beyond what it takes without a jump; BL always jumps."""
    if _name(i) == "pop" and "pc" in i.operands:
        return core.popped
    to_pc = bool(i.arguments) and i.arguments[0] == "pc"  # mov, add
    return core.refill if to_pc or _BRANCH.fullmatch(_name(i)) else 0


def _name(i: Instruction) -> str:
    return i.mnemonic.removesuffix(".n").removesuffix(".w")


def _registers_in_list(i: Instruction) -> int:
    """How many registers stand in braces; ranges are counted."""
    inside = i.operands[i.operands.index("{") + 1 : i.operands.index("}")]
    extra = sum(int(last) - int(first) - 1 for first, last in _RANGE.findall(inside))
    return len(re.findall(r"[a-z]+\d*", inside)) + extra
