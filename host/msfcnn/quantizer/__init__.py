"""Float ONNX networks to int8 QDQ: prepared, calibrated on images, compared with the original."""

from msfcnn.quantizer.comparison import Comparison, LayerError, OutputError
from msfcnn.quantizer.prepare.border import input_shape
from msfcnn.quantizer.quantize import Quantized, QuantizeOptions, Samples, quantize

__all__ = [
    "Comparison",
    "LayerError",
    "OutputError",
    "QuantizeOptions",
    "Quantized",
    "Samples",
    "input_shape",
    "quantize",
]
