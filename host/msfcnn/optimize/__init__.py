"""Passes that make a Model cheaper without changing a byte of what it computes."""

from msfcnn.optimize.fold import fold_dead_channels
from msfcnn.optimize.folding import FoldedLayer, Folding, compare

__all__ = [
    "FoldedLayer",
    "Folding",
    "compare",
    "fold_dead_channels",
]
