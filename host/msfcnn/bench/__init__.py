"""Counts what generated code costs on emulated processors: instructions, code size, stack."""

from msfcnn.bench.measure import Bench, Measurement, StageCost
from msfcnn.toolchain.machines import MACHINES, Machine, find_machine

__all__ = ["MACHINES", "Bench", "Machine", "Measurement", "StageCost", "find_machine"]
