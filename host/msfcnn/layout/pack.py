"""Offsets for blocks that live for an interval of stages, in as few bytes as possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Block:
    """`size` bytes from stage `first` to stage `last`, both inclusive."""

    size: int
    first: int
    last: int
    align: int = 1

    def meets(self, other: Block) -> bool:
        """Whether both live at the same time."""
        return self.first <= other.last and other.first <= self.last


def pack(blocks: Sequence[Block]) -> tuple[tuple[int, ...], int]:
    """Offsets of the blocks and the bytes they span.

    The lower bound is the most bytes alive at once. Filling that space from both ends in turn
    reaches it for every chain, which first fit does not; first fit in several orders takes care
    of the rest, and the best result is kept.
    """
    bound = _alive_at_once(blocks)
    both_ends = _from_both_ends(blocks, bound)
    if both_ends is not None:
        return both_ends, bound
    best: tuple[tuple[int, ...], int] | None = None
    for key in _ORDERS:
        order = sorted(range(len(blocks)), key=lambda i: (key(blocks[i]), i))
        packed = _first_fit(blocks, order)
        if best is None or packed[1] < best[1]:
            best = packed
        if best[1] == bound:
            break
    return best or ((), 0)


_ORDERS: tuple[Callable[[Block], tuple[int, ...]], ...] = (
    lambda b: (-b.size,),
    lambda b: (b.first - b.last, -b.size),
    lambda b: (b.first, -b.size),
    lambda b: (-b.last, -b.size),
    lambda b: ((b.first - b.last) * b.size,),
)


def _from_both_ends(blocks: Sequence[Block], size: int) -> tuple[int, ...] | None:
    """Offsets within `size` bytes, blocks taken by time, bottom and top in turn; or None."""
    offsets = [0] * len(blocks)
    placed: list[int] = []
    order = sorted(range(len(blocks)), key=lambda i: (blocks[i].first, -blocks[i].last, i))
    for turn, i in enumerate(order):
        taken = sorted((offsets[j], blocks[j].size) for j in placed if blocks[j].meets(blocks[i]))
        starts = [0, *(o + s for o, s in taken)]
        ends = [*(o for o, _ in taken), size]
        low = [_aligned(start, blocks[i].align) for start in starts]
        high = [(end - blocks[i].size) // blocks[i].align * blocks[i].align for end in ends]
        fitting = [pair for pair in zip(low, high, strict=True) if pair[0] <= pair[1]]
        if not fitting:
            return None
        offsets[i] = fitting[-1][1] if turn % 2 else fitting[0][0]
        placed.append(i)
    return tuple(offsets)


def _first_fit(blocks: Sequence[Block], order: Sequence[int]) -> tuple[tuple[int, ...], int]:
    offsets = [0] * len(blocks)
    placed: list[int] = []
    for i in order:
        taken = sorted((offsets[j], blocks[j].size) for j in placed if blocks[j].meets(blocks[i]))
        offset = 0
        for start, size in taken:
            if offset + blocks[i].size <= start:
                break
            offset = _aligned(max(offset, start + size), blocks[i].align)
        offsets[i] = offset
        placed.append(i)
    end = max((o + b.size for o, b in zip(offsets, blocks, strict=True)), default=0)
    return tuple(offsets), end


def _alive_at_once(blocks: Sequence[Block]) -> int:
    stages = {b.first for b in blocks}
    return max((sum(b.size for b in blocks if b.first <= s <= b.last) for s in stages), default=0)


def _aligned(offset: int, align: int) -> int:
    return -(-offset // align) * align
