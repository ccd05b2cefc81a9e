"""Pools: maximum and mean under a sliding kernel, and the mean over all pixels.

op.py holds the ops. importing.py reads ONNX's pools, reducing.py its reductions over axes, and
extremes.py the maximum of several tensors, which is a pool over all of them.
"""

from msfcnn.ops.pool import importing  # noqa: F401 - gives the ops their importers
from msfcnn.ops.pool.op import (
    AveragePool,
    GlobalAveragePool,
    MaxPool,
    PoolConstants,
    average_pool,
    global_average,
    max_pool,
)

__all__ = [
    "AveragePool",
    "GlobalAveragePool",
    "MaxPool",
    "PoolConstants",
    "average_pool",
    "global_average",
    "max_pool",
]
