"""Convolution of any grouping, dense layers included.

layer.py holds the data, constants.py the integers made of it, reference.py the NumPy program, op.py
the op itself. importing.py, transposed.py, scaled.py and wide.py make it from ONNX; the first is
the place to begin reading.
"""

from msfcnn.ops.conv.constants import ConvConstants, conv_constants, marked, unfolded
from msfcnn.ops.conv.importing import per_output
from msfcnn.ops.conv.layer import ConvData
from msfcnn.ops.conv.op import Conv, draw_conv, draw_depthwise, gathered, oriented
from msfcnn.ops.conv.reference import conv
from msfcnn.ops.conv.scaled import scaled_channels, with_summands

__all__ = [
    "Conv",
    "ConvConstants",
    "ConvData",
    "conv",
    "conv_constants",
    "draw_conv",
    "draw_depthwise",
    "gathered",
    "marked",
    "oriented",
    "per_output",
    "scaled_channels",
    "unfolded",
    "with_summands",
]
