"""Elements chosen, reordered, repeated or padded; Select is the op that does so with channels.

importing.py turns ONNX nodes into positions of elements, moving.py positions into ops;
constant_maps.py makes tensors of constants.
"""

from msfcnn.ops.select import importing  # noqa: F401 - gives Select its importers
from msfcnn.ops.select.constant_maps import constant_map, covering
from msfcnn.ops.select.importing import both, cropped, spread
from msfcnn.ops.select.moving import LONGEST, chosen, moved, padded, rearranged
from msfcnn.ops.select.op import ZERO, Select

__all__ = [
    "LONGEST",
    "ZERO",
    "Select",
    "both",
    "chosen",
    "constant_map",
    "covering",
    "cropped",
    "moved",
    "padded",
    "rearranged",
    "spread",
]
