"""One converter per TFLite operator: from an operator to the ONNX nodes that mean the same.

What an operator computes is taken from TFLite's schema.fbs and reference kernels. A new one needs a
function here and a line below, and a case in the tests, which ask for one of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msfcnn.frontend.tflite.convert import conv, elementwise, movement, pool
from msfcnn.frontend.tflite.step import Conversion

Converter = Callable[[Conversion], None]

CONVERTERS: Mapping[str, Converter] = {
    **dict.fromkeys(elementwise.UNARY, elementwise.unary),
    **dict.fromkeys(elementwise.BINARY, elementwise.binary),
    **dict.fromkeys(elementwise.BOUNDED, elementwise.bounded),
    **dict.fromkeys(elementwise.COMPARISONS, elementwise.compare),
    **dict.fromkeys(("SELECT", "SELECT_V2"), elementwise.select),
    **dict.fromkeys(pool.REDUCTIONS, pool.reduce),
    "ADD_N": elementwise.add_n,
    "ARG_MAX": pool.arg_max,
    "AVERAGE_POOL_2D": pool.average_pool_2d,
    "BATCH_MATMUL": conv.batch_matmul,
    "CONCATENATION": movement.concatenation,
    "CONV_2D": conv.conv_2d,
    "DEPTHWISE_CONV_2D": conv.depthwise_conv_2d,
    "DEPTH_TO_SPACE": movement.depth_to_space,
    "DEQUANTIZE": elementwise.convert_only,
    "EXPAND_DIMS": movement.reshape,
    "FULLY_CONNECTED": conv.fully_connected,
    "GATHER": movement.gather,
    "GELU": elementwise.gelu,
    "L2_NORMALIZATION": elementwise.l2_normalization,
    "LEAKY_RELU": elementwise.leaky_relu,
    "LOG_SOFTMAX": elementwise.log_softmax,
    "MAX_POOL_2D": pool.max_pool_2d,
    "MEAN": pool.mean,
    "MIRROR_PAD": movement.mirror_pad,
    "NEG": elementwise.neg,
    "PACK": movement.pack,
    "PAD": movement.pad,
    "PADV2": movement.pad,
    "PRELU": elementwise.prelu,
    "QUANTIZE": elementwise.convert_only,
    "RESHAPE": movement.reshape,
    "RESIZE_BILINEAR": movement.resize_bilinear,
    "RESIZE_NEAREST_NEIGHBOR": movement.resize_nearest_neighbor,
    "RSQRT": elementwise.rsqrt,
    "SLICE": movement.slice_,
    "SOFTMAX": elementwise.softmax,
    "SPACE_TO_DEPTH": movement.space_to_depth,
    "SPLIT": movement.split,
    "SPLIT_V": movement.split_v,
    "SQUARE": elementwise.square,
    "SQUARED_DIFFERENCE": elementwise.squared_difference,
    "SQUEEZE": movement.reshape,
    "STRIDED_SLICE": movement.strided_slice,
    "TILE": movement.tile,
    "TRANSPOSE": movement.transpose,
    "TRANSPOSE_CONV": conv.transpose_conv,
    "UNPACK": movement.unpack,
}

# as large as their inputs, broadcast
ELEMENTWISE = frozenset(
    {
        *(*elementwise.UNARY, *elementwise.BINARY, *elementwise.BOUNDED),
        *(*elementwise.COMPARISONS, "SELECT", "SELECT_V2"),
        *("DEQUANTIZE", "GELU", "LEAKY_RELU", "NEG", "QUANTIZE", "RSQRT", "SQUARE"),
        *("SQUARED_DIFFERENCE", "SOFTMAX", "LOG_SOFTMAX"),
    }
)

__all__ = ["CONVERTERS", "ELEMENTWISE", "Converter"]
