"""RV32: what an instruction reads and writes, and stalls between instructions in straight code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from msfcnn.cyclemodel.instruction import Instruction, neighbours
from msfcnn.cyclemodel.timing import Timing

_REGISTER = re.compile(r"\b(?:x\d+|zero|ra|sp|gp|tp|[ast]\d+|s1[01])\b")
_STORE = re.compile(r"s[bhw]|fs[wd]")
_LOAD = re.compile(r"l[bhw]u?")
_BRANCH = re.compile(r"b(eq|ne|lt|ge|gt|le)u?z?")
_JUMP = re.compile(r"j|jr|jal|jalr|ret|tail|call")
_INDIRECT = re.compile(r"jr|jalr|ret")
_NO_RESULT = re.compile(r"j|jr|ret|ebreak|ecall|fence(\.i)?|nop|csr[wsc]i?|unimp|wfi|mret")
_DIVIDE = re.compile(r"(div|rem)u?")


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What an instruction does to the pipeline, without wait states.

    occupied: cycles until the next instruction can begin, without stalls.
    latency:  cycles until the next instruction can use the result.
    jump:     further cycles if the instruction jumps. fall: if a branch does not.
    entry:    further cycles if it is jumped to.
    unit:     what blocks until the result is there, by name; None for none.
    """

    occupied: int = 1
    latency: int = 1
    jump: int = 0
    fall: int = 0
    entry: int = 0
    unit: str | None = None


Core = Callable[[Instruction], Behaviour]


@dataclass
class _Board:
    """When registers and units are free, in cycles from now."""

    ready: dict[str, int]

    def stall(self, names: Sequence[str]) -> int:
        return max((self.ready.get(name, 0) for name in names), default=0)

    def pass_time(self, cycles: int) -> None:
        self.ready = {name: left - cycles for name, left in self.ready.items() if left > cycles}


def timings(core: Core, instructions: Sequence[Instruction]) -> tuple[Timing, ...]:
    """The timing of each instruction of a program on a core."""
    targets = {target for i in instructions if (target := _target(i)) is not None}
    board, found = _Board({}), []
    for before, i in neighbours(instructions):
        if before is None or i.address in targets:
            board = _Board({})  # from where it is reached is not known
        does = core(i)
        stall = board.stall((*_needs(i), *_unit(does)))
        own = does.occupied + does.fall
        found.append(
            Timing(
                address=i.address,
                straight=stall + own,
                arrived=own + does.entry,
                jump=does.jump - does.fall,
            )
        )
        board.pass_time(stall + does.occupied)
        for name in (*_gives(i), *_unit(does)):
            board.ready[name] = does.latency - does.occupied
    return tuple(found)


def is_load(i: Instruction) -> bool:
    """Whether it loads."""
    return _LOAD.fullmatch(i.mnemonic) is not None


def is_branch(i: Instruction) -> bool:
    """Whether it jumps on a condition."""
    return _BRANCH.fullmatch(i.mnemonic) is not None


def is_jump(i: Instruction) -> bool:
    """Whether it always jumps."""
    return _JUMP.fullmatch(i.mnemonic) is not None


def is_indirect(i: Instruction) -> bool:
    """Whether its target is in a register."""
    return _INDIRECT.fullmatch(i.mnemonic) is not None


def is_division(i: Instruction) -> bool:
    """Whether it divides."""
    return _DIVIDE.fullmatch(i.mnemonic) is not None


def goes_back(i: Instruction) -> bool:
    """Whether the target of a branch lies before it."""
    target = _target(i)
    return target is not None and target <= i.address


def crosses_word(i: Instruction) -> bool:
    """Whether it has 32 bits and is not aligned to them."""
    return i.size == 4 and i.address % 4 != 0


def _target(i: Instruction) -> int | None:
    if not (is_branch(i) or is_jump(i)) or not i.arguments:
        return None
    last = i.arguments[-1]
    return int(last, 16) if re.fullmatch(r"(0x)?[0-9a-f]{4,}", last) else None


def _needs(i: Instruction) -> Iterator[str]:
    """Registers that it reads."""
    sources = i.arguments[1:] if _has_result(i) and len(i.arguments) > 1 else i.arguments
    for part in sources:
        yield from _REGISTER.findall(part)
    if i.mnemonic == "ret":
        yield "ra"


def _gives(i: Instruction) -> Iterator[str]:
    """The register that it writes."""
    if _has_result(i) and i.arguments and _REGISTER.fullmatch(i.arguments[0]):
        yield i.arguments[0]


def _unit(does: Behaviour) -> Iterator[str]:
    if does.unit is not None:
        yield does.unit


def _has_result(i: Instruction) -> bool:
    return not any(p.fullmatch(i.mnemonic) for p in (_STORE, _BRANCH, _NO_RESULT))
