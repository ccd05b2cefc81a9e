"""Float ONNX networks to int8 QDQ: prepared, calibrated on images, compared with the original."""

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
