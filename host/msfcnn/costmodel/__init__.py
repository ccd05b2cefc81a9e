"""Estimated instructions of kernels and engine, from measurements on emulated processors."""

from msfcnn.costmodel.coefficients import FREE, Coefficients, Features
from msfcnn.costmodel.cycles import ASSUMED, Cycles, cycles_of, known_cycles
from msfcnn.costmodel.data import coefficients_of, cores, from_data, measured, to_data
from msfcnn.costmodel.features import FEATURES, EngineCall, Work, copy_features

__all__ = [
    "ASSUMED",
    "FEATURES",
    "FREE",
    "Coefficients",
    "Cycles",
    "EngineCall",
    "Features",
    "Work",
    "coefficients_of",
    "copy_features",
    "cores",
    "cycles_of",
    "from_data",
    "known_cycles",
    "measured",
    "to_data",
]
