"""Schedules: the buffers and the sweep of every stage of a plan.

A plan says which options; a schedule has their costs, buffer by buffer, after spare RAM was spent
on speed. `layout` gives these buffers their places.
"""

from msfcnn.schedule.build import schedule
from msfcnn.schedule.estimate import estimated_cycles
from msfcnn.schedule.types import Schedule, ScheduledStage

__all__ = [
    "Schedule",
    "ScheduledStage",
    "estimated_cycles",
    "schedule",
]
