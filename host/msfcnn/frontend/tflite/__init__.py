"""TFLite files as ONNX: translated in memory, so that everything behind reads one format."""

from msfcnn.frontend.tflite.translate import Translation, translate

__all__ = ["Translation", "translate"]
