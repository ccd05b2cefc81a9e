"""Passes that make a Model cheaper without changing a byte of what it computes."""

from msfcnn.optimize.fold import fold_dead_channels
from msfcnn.optimize.folding import FoldedLayer, Folding

__all__ = ["FoldedLayer", "Folding", "fold_dead_channels"]
