"""Float ONNX networks to int8 QDQ: prepared, calibrated on images, compared with the original."""

from msfcnn.quantizer.file import Pictures, quantize_file
from msfcnn.quantizer.prepare.border import input_shape
from msfcnn.quantizer.prepare.reading import is_float
from msfcnn.quantizer.quantize import Quantized, QuantizeOptions, Samples, quantize

__all__ = [
    "Pictures",
    "QuantizeOptions",
    "Quantized",
    "Samples",
    "input_shape",
    "is_float",
    "quantize",
    "quantize_file",
]
