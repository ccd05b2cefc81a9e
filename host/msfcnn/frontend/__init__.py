"""Files of other tools, read into a Model."""

from msfcnn.frontend.arrangement import Arrangement
from msfcnn.frontend.formats import is_tflite
from msfcnn.frontend.loading import load_model, load_proto, translate
from msfcnn.frontend.onnx.support import SUPPORTED

__all__ = [
    "SUPPORTED",
    "Arrangement",
    "is_tflite",
    "load_model",
    "load_proto",
    "translate",
]
