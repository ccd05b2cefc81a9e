"""Counts what generated code costs on emulated processors: instructions, cycles, code, stack.

`measure` counts a network, `kernels` makes networks of single layers to count. Emulators and
compilers are `toolchain`'s, what a processor is `isa`'s. Callers: `cli.bench`, `verdict` for
`report --count`, and tools/fit_costs.py, which makes the cost model of the counts.
"""

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
