"""TFLite files as ONNX: translated in memory, so that everything behind reads one format.

flatbuffer.py reads and checks the bytes, graph.py is what it reads them into, dilation.py and
folding.py make that simpler, convert/ has a converter for each operator, writer.py collects the
ONNX nodes, translate.py goes through it all. The nodes keep TFLite's names, for messages.
"""

from msfcnn.frontend.tflite.translate import Translation, translate

__all__ = ["Translation", "translate"]
