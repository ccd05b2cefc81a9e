"""Counts what generated code costs on emulated processors: instructions, cycles, code, stack."""

from msfcnn.bench.measure import Bench, KernelCount, Measurement, StageCost
from msfcnn.isa import MACHINES, Machine
from msfcnn.toolchain.machines import find_machine

__all__ = [
    "MACHINES",
    "Bench",
    "KernelCount",
    "Machine",
    "Measurement",
    "StageCost",
    "find_machine",
]
