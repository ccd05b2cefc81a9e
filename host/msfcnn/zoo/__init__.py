"""Published networks with seeded weights, as int8 QDQ ONNX: something to try without a model.

networks/ draws an architecture (Drawing), weights.py gives it weights and measures ranges with
evaluate.py, ranges.py shares scales, qdq.py writes the file; build.py does all of it by name. RAM,
MACs and speed are those of the real network, accuracy is not: nothing is trained.
"""

from msfcnn.zoo.build import build
from msfcnn.zoo.drawing import Drawing
from msfcnn.zoo.entries import ENTRIES, NAMES, Entry
from msfcnn.zoo.layers import Activation, Shape
from msfcnn.zoo.qdq import write
from msfcnn.zoo.weights import condition

__all__ = [
    "ENTRIES",
    "NAMES",
    "Activation",
    "Drawing",
    "Entry",
    "Shape",
    "build",
    "condition",
    "write",
]
