"""Files of other tools, read into a Model.

An ONNX file goes through frontend/onnx: load.py (is it whole and quantized?), graph.py (protobuf
to plain data), shapes.py, entry.py (the image), then node by node through the importers of
msfcnn.ops, exits.py (the outputs) and tidy.py. A TFLite file becomes an ONNX model first, by
frontend/tflite. Float networks are refused here; msfcnn.quantizer is for them.
"""

from msfcnn.frontend.arrangement import Arrangement
from msfcnn.frontend.formats import is_tflite, not_onnx
from msfcnn.frontend.loading import load_model, load_proto, translate
from msfcnn.frontend.onnx.ceil_mode import settle_ceil_modes
from msfcnn.frontend.onnx.ending import cut_note
from msfcnn.frontend.onnx.graph import DEFAULT_DOMAINS, attribute, set_attributes
from msfcnn.frontend.onnx.load import check_whole
from msfcnn.frontend.onnx.qoperator import in_qdq_form
from msfcnn.frontend.onnx.support import SUPPORTED

__all__ = [
    "DEFAULT_DOMAINS",
    "SUPPORTED",
    "Arrangement",
    "attribute",
    "check_whole",
    "cut_note",
    "in_qdq_form",
    "is_tflite",
    "load_model",
    "load_proto",
    "not_onnx",
    "set_attributes",
    "settle_ceil_modes",
    "translate",
]
