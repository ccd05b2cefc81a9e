"""Counts what generated code costs on emulated processors: instructions, code size, stack."""

from msfcnn.bench.machines import MACHINES, Machine, find_machine
from msfcnn.bench.measure import Bench, Measurement, StageCost

__all__ = ["MACHINES", "Bench", "Machine", "Measurement", "StageCost", "find_machine"]
