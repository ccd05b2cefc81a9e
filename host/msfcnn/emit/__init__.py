"""C text: the header, the tables and the weights of a model with its plan."""

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
