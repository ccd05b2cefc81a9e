"""Cortex-M4: the timings of its Technical Reference Manual (Arm 100166), without wait states.

- One cycle an instruction; a load takes two, a store with an immediate offset one. Loads that
  follow a load whose result is not their address overlap with it: one cycle each. So do stores with
  a register offset, which take two alone; nothing overlaps with a store before it.
- LDRD, STRD, LDM, STM, PUSH, POP: one cycle and one for each register.
- An address that the instruction before has calculated costs a cycle more.
- Jumps refill the pipeline in P = 1 to 3 cycles. The manual does not say when which; here P is 1
  where the target stands in the instruction, 2 where it is in a register, 3 where it is loaded, and
  1 more where the instruction there has 32 bits and is not aligned to a word.
- Division: 12 cycles, the longest (2 to 12). IT: 1, though it can overlap.
- Unaligned access: one cycle more for each part.

Memory answers at once; contention of loads with instruction fetch is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msfcnn.cyclemodel.instruction import Instruction, neighbours
from msfcnn.cyclemodel.timing import Timing

NAME = "cortex-m4"

_CONDITION = "(?:eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al)?"
_DIRECT = re.compile(f"bl?{_CONDITION}|cbn?z")
_INDIRECT = re.compile(f"blx?{_CONDITION}|bx{_CONDITION}")
_TABLE = re.compile("tb[bh]")
_PAIR = re.compile("(ldr|str)d")
_MULTIPLE = re.compile("v?(ldm|stm|push|pop)|fldm|fstm")
_DIVIDE = re.compile("[su]div")
_SLOW = {"vdiv": 14, "vsqrt": 14, "vmla": 3, "vmls": 3, "vfma": 3, "vfms": 3, "mrs": 2, "msr": 2}
_NO_RESULT = re.compile("cmp|cmn|tst|teq|it|nop|b|cb|bkpt|str|stm|push|v(str|stm|push|cmp)|dsb|isb")
_TWO_RESULTS = re.compile("[su]m(ull|lal|lsl|aal)|ldrd")
_REGISTER = re.compile(r"\b(?:r\d+|sl|fp|ip|sp|lr|pc)\b")
_RANGE = re.compile(r"\b([rsd])(\d+)-\1(\d+)\b")

DIVISION = 12
REFILL_DIRECT, REFILL_REGISTER, REFILL_LOADED = 1, 2, 3


def timings(instructions: Sequence[Instruction]) -> tuple[Timing, ...]:
    """The timing of each instruction of a program."""
    return tuple(_timing(before, i) for before, i in neighbours(instructions))


def _timing(before: Instruction | None, i: Instruction) -> Timing:
    alone = _alone(i)
    wide = i.size == 4 and i.address % 4 != 0  # a jump to it fetches twice
    return Timing(
        address=i.address,
        straight=alone if before is None else alone + _stall(before, i) - _overlap(before, i),
        arrived=alone + wide,
        jump=_refill(i),
        unaligned=int(_single(i, "ldr") or _single(i, "str")),
    )


def _alone(i: Instruction) -> int:
    """Cycles, without jump, overlap and stall."""
    name = _name(i)
    if _PAIR.match(name):
        return 3
    if _MULTIPLE.match(name):
        return 1 + _registers_in_list(i)
    if _TABLE.match(name):
        return 3
    if _single(i, "ldr"):
        return 2
    if _single(i, "str"):
        return 2 if _register_offset(i) else 1
    if name.startswith(("vldr", "vstr")):
        return 2
    if name.startswith("vmov"):
        return max(1, len(i.arguments) - 1)
    if _DIVIDE.match(name):
        return DIVISION
    return next((cycles for word, cycles in _SLOW.items() if name.startswith(word)), 1)


def _overlap(before: Instruction, i: Instruction) -> int:
    """Cycles that an access saves behind a load of something else than its address."""
    shortened = _single(i, "ldr") or (_single(i, "str") and _register_offset(i))
    return int(shortened and _single(before, "ldr") and not _address(i) & _written(before))


def _stall(before: Instruction, i: Instruction) -> int:
    """Cycles until an address that the instruction before has calculated can be used."""
    if _single(before, "ldr") or _PAIR.match(_name(before)) or _MULTIPLE.match(_name(before)):
        return 0
    return int(bool(_address(i) & _written(before)))


def _refill(i: Instruction) -> int:
    name = _name(i)
    if _TABLE.match(name):
        return REFILL_LOADED
    if "pc" in _written(i):
        loads = name.startswith(("ldr", "ldm", "pop"))
        return REFILL_LOADED if loads else REFILL_REGISTER
    if _DIRECT.fullmatch(name) and not _REGISTER.match(i.operands):
        return REFILL_DIRECT
    if name.startswith("cb"):
        return REFILL_DIRECT
    return REFILL_REGISTER if _INDIRECT.fullmatch(name) else 0


def _name(i: Instruction) -> str:
    """The mnemonic without its width."""
    return i.mnemonic.removesuffix(".w").removesuffix(".n")


def _single(i: Instruction, what: str) -> bool:
    """Whether it loads ("ldr") or stores ("str") one register."""
    return i.mnemonic.startswith(what) and not _PAIR.match(i.mnemonic)


def _register_offset(i: Instruction) -> bool:
    inside = re.search(r"\[([^\]]*)\]", i.operands)
    return inside is not None and len(_REGISTER.findall(inside[1])) > 1


def _address(i: Instruction) -> set[str]:
    """Registers that an address is made of."""
    if _MULTIPLE.match(_name(i)):
        stack = "push" in i.mnemonic or "pop" in i.mnemonic
        return {"sp"} if stack else set(_REGISTER.findall(i.arguments[0]))
    return {r for part in re.findall(r"\[([^\]]*)\]", i.operands) for r in _REGISTER.findall(part)}


def _written(i: Instruction) -> set[str]:
    """Registers that it changes, but for the stack pointer of PUSH and POP."""
    name, arguments = _name(i), i.arguments
    if not arguments:
        return set()
    if name.startswith(("ldm", "pop")):
        return set(_REGISTER.findall(i.operands[i.operands.index("{") :]))
    written: set[str] = set()
    if not _NO_RESULT.match(name) or name.startswith(("bic", "bfi", "bfc")):
        results = arguments[: 2 if _TWO_RESULTS.match(name) else 1]
        written.update(r for part in results if "[" not in part for r in _REGISTER.findall(part))
    base = re.search(r"\[(\w+)[^\]]*\](?:!|,)", i.operands)
    return written | {base[1]} if base else written


def _registers_in_list(i: Instruction) -> int:
    """How many registers stand in braces; ranges are counted."""
    inside = i.operands[i.operands.index("{") + 1 : i.operands.index("}")]
    ranges = _RANGE.findall(inside)
    extra = sum(int(last) - int(first) - 1 for _, first, last in ranges)
    return len(re.findall(r"[a-z]+\d*", inside)) + extra
