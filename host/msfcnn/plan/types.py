"""What a planner decides."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.graph import EdgeOption
from msfcnn.model import InputMode


@dataclass(frozen=True)
class PlannedStage:
    """Ops first .. last - 1 of the model, run as `option` says."""

    first: int
    last: int
    option: EdgeOption


@dataclass(frozen=True)
class Plan:
    """Stages in execution order; they cover every op exactly once."""

    stages: tuple[PlannedStage, ...]
    input_mode: InputMode

    @property
    def macs(self) -> int:
        """MACs the plan executes, recomputation included."""
        return sum(stage.option.macs for stage in self.stages)
