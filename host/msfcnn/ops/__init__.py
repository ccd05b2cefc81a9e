"""The ops of a CNN: everything that one op is stands in one module here, and nowhere else.

Every module is found by itself; the order is no matter. `OPS` are the ops, `IMPORTERS` the ONNX
operators that become them. An op that lacks one of its facts is refused when this is imported, with
the fact's name. What a fact is stands at msfcnn.ir.Op; CONTRIBUTING.md tells how to add an op.

The way of an op: msfcnn.frontend calls its importers, msfcnn.optimize its `value_range` and `need`,
msfcnn.fusion plans with its `calls`, msfcnn.emit writes its `c_constants`, and msfcnn.reference
computes with `compute` what the C code is compared with.
"""

from importlib import import_module
from pkgutil import iter_modules

from msfcnn.nodes import Importer, Moves
from msfcnn.ops.add import Add
from msfcnn.ops.base import REGISTERED, check
from msfcnn.ops.clip import Requantize
from msfcnn.ops.concat import Concat
from msfcnn.ops.conv import Conv, ConvConstants, draw_conv, draw_depthwise, oriented
from msfcnn.ops.pool import AveragePool, GlobalAveragePool, MaxPool, PoolConstants
from msfcnn.ops.reshape import Reshape
from msfcnn.ops.rounding import rounded_to_even
from msfcnn.ops.select import chosen, padded, rearranged
from msfcnn.ops.sketch import Sketch
from msfcnn.ops.softmax import Softmax, SoftmaxConstants
from msfcnn.ops.sums import SumConstants

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
# only now: a module gives its ops their importers in its last lines, behind the classes
for _op in REGISTERED:
    check(_op)

# handed to the Builder as data: msfcnn.nodes is below this package and must not import it
MOVES = Moves(
    requantize=Requantize, reshape=Reshape, rearrange=rearranged, pad=padded, channels=chosen
)
OPS = tuple(sorted(REGISTERED, key=lambda op: op.__name__))
IMPORTERS: tuple[Importer, ...] = tuple(
    sorted((i for op in OPS for i in op.importers), key=lambda i: i.kind)
)

__all__ = [
    "IMPORTERS",
    "MOVES",
    "OPS",
    "Add",
    "AveragePool",
    "Concat",
    "Conv",
    "ConvConstants",
    "GlobalAveragePool",
    "MaxPool",
    "PoolConstants",
    "Requantize",
    "Reshape",
    "Sketch",
    "Softmax",
    "SoftmaxConstants",
    "SumConstants",
    "check",
    "draw_conv",
    "draw_depthwise",
    "oriented",
    "rounded_to_even",
]
