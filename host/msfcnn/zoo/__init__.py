"""Published networks with seeded weights, as int8 QDQ ONNX: something to try without a model."""

from msfcnn.zoo.build import ENTRIES, NAMES, Entry, build

__all__ = ["ENTRIES", "NAMES", "Entry", "build"]
