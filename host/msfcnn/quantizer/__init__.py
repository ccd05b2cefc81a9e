"""Float ONNX networks to int8 QDQ: prepared, calibrated on images, compared with the original."""

from msfcnn.quantizer.file import Pictures, quantize_file
from msfcnn.quantizer.quantize import Quantized, QuantizeOptions, Samples, quantize

__all__ = ["Pictures", "QuantizeOptions", "Quantized", "Samples", "quantize", "quantize_file"]
