"""Where everything lies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Placement:
    """A tensor's window in the arena; the network's input has none if the caller owns it."""

    tensor: int
    offset: int
    rows: int
    cols: int


@dataclass(frozen=True)
class Layout:
    """Arena offsets in bytes.

    placements: of every tensor but an input that stays with the caller.
    scratch:    offset of each stage's scratch; None where it has none.
    stage_ram:  bytes in use while each stage runs.
    peak_ram:   bytes of the arena.
    """

    placements: tuple[Placement, ...]
    scratch: tuple[int | None, ...]
    stage_ram: tuple[int, ...]
    peak_ram: int

    def placement_of(self, tensor: int) -> Placement | None:
        """The placement of a tensor; None for an input that stays with the caller."""
        return next((p for p in self.placements if p.tensor == tensor), None)

    @property
    def binding_stage(self) -> int:
        """The stage that needs the most RAM."""
        return self.stage_ram.index(max(self.stage_ram))
