"""Host tool of msfcnn: from an ONNX CNN to C tables that run in a fraction of the RAM.

The packages read in the order of the data flow: importer, model, graph, plan, schedule,
layout, emit, verify. docs/architecture.md has the picture.
"""

__version__ = "0.1.0"
