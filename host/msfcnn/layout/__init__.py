"""Layouts: where each buffer lies in the arena, and how large the arena is."""

from msfcnn.layout.build import layout
from msfcnn.layout.types import Layout, Move, StagePlaces

__all__ = ["Layout", "Move", "StagePlaces", "layout"]
