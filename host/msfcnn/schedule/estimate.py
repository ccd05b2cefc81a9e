"""What a schedule takes, by other figures than those it was planned with."""

from __future__ import annotations

from msfcnn.costmodel import Coefficients, Cycles
from msfcnn.schedule.runs import instructions
from msfcnn.schedule.types import Schedule


def estimated_cycles(schedule: Schedule, cycles: Cycles) -> int:
    """Estimated cycles of an inference, without wait states of flash and other memories."""
    return estimated(schedule, cycles.applied(schedule.network.measured))


def estimated(schedule: Schedule, coefficients: Coefficients) -> int:
    """In what the coefficients count: the same buffers and options, priced anew."""
    return sum(instructions(stage, coefficients) for stage in schedule.stages)
