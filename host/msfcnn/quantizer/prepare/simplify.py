"""onnxruntime's own simplification: constants folded, shapes computed, nothing fused away.

Its basic level only: the next one replaces operators by onnxruntime's own, which no other reader
of ONNX knows.
"""

from __future__ import annotations

from pathlib import Path

import onnx

from msfcnn.errors import ModelError, Problem
from msfcnn.quantizer.graph import DEFAULT_DOMAINS
from msfcnn.quantizer.runtime import reason_of, session

# it would make a Gemm with reshapes around it of a dense layer that works on every pixel
DISABLED = ("MatMulAddFusion",)


def simplify(model: onnx.ModelProto, where: str, directory: Path) -> onnx.ModelProto:
    """The model with constants folded. Raises ModelError if onnxruntime does not take it."""
    source, target = directory / "float.onnx", directory / "simplified.onnx"
    onnx.save(model, source)  # a path, not bytes: what is larger than 2 GB fits no message
    try:
        session(source, simplified=target, disabled=DISABLED)
        simplified = onnx.load(target)
    except Exception as error:  # onnxruntime's exceptions have no common base of their own
        hint = "check that it runs in onnxruntime as it is"
        what = f"onnxruntime does not take it: {reason_of(error)}"
        raise ModelError(Problem(where, what, hint)) from None
    # onnxruntime declares all domains that it knows, used or not
    used = {n.domain for n in simplified.graph.node}
    opsets = [o for o in simplified.opset_import if o.domain in (*DEFAULT_DOMAINS, *used)]
    del simplified.opset_import[:]
    simplified.opset_import.extend(opsets)
    del simplified.graph.value_info[:]
    return onnx.shape_inference.infer_shapes(simplified, data_prop=True)
