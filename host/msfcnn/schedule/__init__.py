"""Schedules: what the engine does step by step, and the windows that follow from it."""

from msfcnn.schedule.build import schedule
from msfcnn.schedule.types import Schedule, ScheduledStage, Step, Window

__all__ = ["Schedule", "ScheduledStage", "Step", "Window", "schedule"]
