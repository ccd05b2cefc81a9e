"""What the engine will execute."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.graph import Scheme
from msfcnn.model import InputMode


@dataclass(frozen=True)
class Step:
    """One op of the engine: op `op` of the model, or the part `part` of a concatenation."""

    op: int
    part: int = 0


@dataclass(frozen=True)
class Window:
    """Rows and columns of a tensor that are resident."""

    tensor: int
    rows: int
    cols: int


@dataclass(frozen=True)
class ScheduledStage:
    """Steps executed together.

    windows:     of the tensors written here, and of a pushed network input read here first.
    scratch:     bytes beside the windows, aligned to 4 (the sums of a global average).
    """

    steps: tuple[Step, ...]
    scheme: Scheme
    band_rows: int
    windows: tuple[Window, ...]
    scratch: int
    macs: int


@dataclass(frozen=True)
class Schedule:
    """Stages in execution order; a tensor has exactly one window."""

    stages: tuple[ScheduledStage, ...]
    input_mode: InputMode

    @property
    def macs(self) -> int:
        """MACs executed, recomputation included."""
        return sum(stage.macs for stage in self.stages)

    def window_of(self, tensor: int) -> Window | None:
        """The window of a tensor; None for an input that stays with the caller."""
        return next((w for s in self.stages for w in s.windows if w.tensor == tensor), None)
