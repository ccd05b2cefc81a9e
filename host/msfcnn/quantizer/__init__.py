"""Float ONNX networks to int8 QDQ: prepared, calibrated on images, compared with the original.

The way through the package: `prepare` brings the float file to one form, `statistics` runs it on
the images, `methods` and `ranges` choose what 256 steps cover, `placement` and `weights` write the
QDQ form, `comparison` tells how far that is from float. `quantize` calls them in this order; `file`
is `quantize` for files on the disk. The result is an ONNX file like any other for `frontend`.
"""

from msfcnn.quantizer.comparison import is_scores
from msfcnn.quantizer.file import Pictures, quantize_file
from msfcnn.quantizer.prepare.border import input_shape, input_shapes
from msfcnn.quantizer.prepare.reading import is_float
from msfcnn.quantizer.quantize import Quantized, QuantizeOptions, Samples, quantize
from msfcnn.quantizer.runtime import reason_of, session
from msfcnn.quantizer.statistics import Tick, quiet, watching

__all__ = [
    "Pictures",
    "QuantizeOptions",
    "Quantized",
    "Samples",
    "Tick",
    "input_shape",
    "input_shapes",
    "is_float",
    "is_scores",
    "quantize",
    "quantize_file",
    "quiet",
    "reason_of",
    "session",
    "watching",
]
