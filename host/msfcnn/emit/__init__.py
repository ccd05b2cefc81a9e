"""C text: the header, the tables and the weights of a model with its plan.

The last pass: `place` says where each op stands in schedule and layout, `tables`, `tensors` and
`constants` write what the engine walks through, `header` and `pixels` what an application includes,
`sources` puts the files together. Nothing is decided here; every figure is one of the plan's.
"""

from msfcnn.emit.constants import weight_bytes
from msfcnn.emit.limits import DEFAULT_KERNEL_LINES, DEFAULT_STAGE_OPS, config_flags, engine_limits
from msfcnn.emit.names import c_name
from msfcnn.emit.place import places
from msfcnn.emit.sources import ABI, EmitOptions, Sources, emit

__all__ = [
    "ABI",
    "DEFAULT_KERNEL_LINES",
    "DEFAULT_STAGE_OPS",
    "EmitOptions",
    "Sources",
    "c_name",
    "config_flags",
    "emit",
    "engine_limits",
    "places",
    "weight_bytes",
]
