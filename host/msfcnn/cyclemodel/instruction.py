"""Instructions of a program, from what objdump prints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

# "70000006:\te9dd 7606 \tldrd\tr7, r6, [sp, #24]"
_LINE = re.compile(r"^ *([0-9a-f]+):\t([0-9a-f ]+)\t([a-z][\w.]*)(?:\t(.*))?$")
_REMARK = re.compile(r"\s*(?:[@;#] |<).*$")  # "@ 0x230", "; comment", "<function+0x12>"


@dataclass(frozen=True)
class Instruction:
    """An instruction: its address, its bytes of code, mnemonic and operands as in assembly."""

    address: int
    size: int
    mnemonic: str
    operands: str = ""

    @property
    def end(self) -> int:
        """Address of the one behind it."""
        return self.address + self.size

    @cached_property
    def arguments(self) -> tuple[str, ...]:
        """The operands one by one; what stands in brackets is one."""
        return tuple(part for part in re.split(r",\s*(?![^\[{]*[\]}])", self.operands) if part)


def disassembled(text: str) -> tuple[Instruction, ...]:
    """The instructions in the output of `objdump -d`, by ascending address; data are left out."""
    found = []
    for line in text.splitlines():
        match = _LINE.match(line)
        if match:
            address, code, mnemonic, operands = match.groups()
            size = len(code.replace(" ", "")) // 2
            operands = _REMARK.sub("", operands or "")
            found.append(Instruction(int(address, 16), size, mnemonic, operands))
    return tuple(sorted(found, key=lambda i: i.address))


def neighbours(
    instructions: Sequence[Instruction],
) -> tuple[tuple[Instruction | None, Instruction], ...]:
    """Each instruction with the one that ends where it begins, or None."""
    before = (None, *instructions)
    return tuple(
        (p if p is not None and p.end == i.address else None, i)
        for p, i in zip(before, instructions, strict=False)
    )
