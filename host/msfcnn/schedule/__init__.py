"""Schedules: the buffers and the sweep of every stage of a plan."""

from msfcnn.schedule.build import schedule
from msfcnn.schedule.estimate import estimated_cycles
from msfcnn.schedule.types import Schedule, ScheduledStage

__all__ = [
    "Schedule",
    "ScheduledStage",
    "estimated_cycles",
    "schedule",
]
