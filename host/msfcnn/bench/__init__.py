"""Counts what generated code costs on emulated processors: instructions, cycles, code, stack."""

from msfcnn.bench.kernels import KernelCost, choose, measure_kernel
from msfcnn.bench.measure import Bench, KernelCount, Measurement, StageCost
from msfcnn.isa import MACHINES, Machine
from msfcnn.toolchain import find_machine

__all__ = [
    "MACHINES",
    "Bench",
    "KernelCost",
    "KernelCount",
    "Machine",
    "Measurement",
    "StageCost",
    "choose",
    "find_machine",
    "measure_kernel",
]
