"""Where everything lies: offsets in bytes from the begin of the arena."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Move:
    """Bytes that change their place before a stage: from `start` to `to`, which may overlap."""

    to: int
    start: int
    size: int


@dataclass(frozen=True)
class StagePlaces:
    """Arena offsets of a stage.

    whole:   of each whole tensor while the stage runs, its input and output included.
    windows, halos: by tensor; the halo of a window of lines is behind it.
    rings:   beside a window, by tensor.
    sums:    by position in the edge.
    moves:   what must be moved before the stage, in this order.
    """

    whole: dict[int, int]
    windows: dict[int, int]
    halos: dict[int, int]
    rings: dict[int, int]
    sums: dict[int, int]
    moves: tuple[Move, ...]


@dataclass(frozen=True)
class Layout:
    """peak_ram: bytes of the arena. outputs: where the network's outputs are in the end."""

    stages: tuple[StagePlaces, ...]
    outputs: tuple[int, ...]
    peak_ram: int
