"""TFLite files as ONNX: translated in memory, so that everything behind reads one format."""

from msfcnn.frontend.tflite.translate import Translation, translate
from msfcnn.frontend.tflite.writer import Arrangement

__all__ = ["Arrangement", "Translation", "translate"]
