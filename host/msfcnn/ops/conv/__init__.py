"""Convolution of any grouping, dense layers included."""

from msfcnn.ops.conv import importing  # noqa: F401 - gives Conv its importers
from msfcnn.ops.conv.constants import ConvConstants, conv_constants, marked, unfolded
from msfcnn.ops.conv.layer import ConvData
from msfcnn.ops.conv.op import Conv, draw_conv, draw_depthwise, gathered, oriented
from msfcnn.ops.conv.reference import conv

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
    "unfolded",
]
