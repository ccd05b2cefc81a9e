"""Float ONNX networks to int8 QDQ, by onnxruntime's static quantization."""

from msfcnn.quantizer.calibration import load_calibration
from msfcnn.quantizer.static import quantize

__all__ = ["load_calibration", "quantize"]
