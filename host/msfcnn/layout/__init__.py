"""Layouts: where each buffer lies in the arena, and how large the arena is.

No search is left to do: sizes and overlaps are those of the schedule's costs. `emit` writes the
offsets into the tables.
"""

from msfcnn.layout.build import layout
from msfcnn.layout.types import Layout, Move, StagePlaces

__all__ = ["Layout", "Move", "StagePlaces", "layout"]
