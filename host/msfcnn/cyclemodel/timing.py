"""What an instruction takes, and the table of it that the emulator's plugin reads."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_ENTRY = struct.Struct("<IBBbB")  # timing_t of toolchain/cycles_plugin.c


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Cycles of the instruction at an address.

    straight:  behind the instruction before it.
    arrived:   behind a jump, instead.
    jump:      further ones if the next instruction is not the one behind it; may be negative.
    unaligned: further ones for each part of an unaligned access but the first.
    """

    address: int
    straight: int
    arrived: int
    jump: int = 0
    unaligned: int = 0


def encoded(timings: Sequence[Timing]) -> bytes:
    """A table for the plugin, by ascending address."""
    return b"".join(
        _ENTRY.pack(t.address, t.straight, t.arrived, t.jump, t.unaligned)
        for t in sorted(timings, key=lambda t: t.address)
    )
