"""Lookup: any function of one value, as a table of 256 bytes.

Sigmoid, HardSwish, Tanh, Elu and the like cost a load each, whatever they are. Functions of
functions are one table, too: x * sigmoid(x) (SiLU), or a GELU that an exporter spelled out in seven
nodes. The table is exact: real numbers in double precision, rounded once as QuantizeLinear does.
"""

from msfcnn.ops.lookup.curves import (
    Curve,
    curve_of,
    draft_of,
    mirror,
    mirrored,
    negated,
    of_one_tensor,
)
from msfcnn.ops.lookup.functions import COMBINED
from msfcnn.ops.lookup.importing import combined
from msfcnn.ops.lookup.op import Lookup, real_values

__all__ = [
    "COMBINED",
    "Curve",
    "Lookup",
    "combined",
    "curve_of",
    "draft_of",
    "mirror",
    "mirrored",
    "negated",
    "of_one_tensor",
    "real_values",
]
