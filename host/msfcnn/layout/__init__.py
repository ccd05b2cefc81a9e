"""Layouts: where each window lies in the arena, and how large the arena is."""

from msfcnn.layout.build import layout
from msfcnn.layout.types import Layout, Placement

__all__ = ["Layout", "Placement", "layout"]
