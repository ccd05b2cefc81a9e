"""Old opsets converted to one that knows quantization per channel."""

from __future__ import annotations

import onnx
from onnx import version_converter

from msfcnn.errors import ModelError, Problem
from msfcnn.quantizer.graph import DEFAULT_DOMAINS

OLDEST_KEPT = 13  # the first with DequantizeLinear per axis
TARGET = 17
GELU = 20  # the first with that operator


def current_opset(model: onnx.ModelProto, where: str) -> tuple[onnx.ModelProto, list[str]]:
    """The model in opset 13 or later, and what was done. Raises ModelError if that fails.

    where: the file's name, for the error. Newer opsets are left alone: converting down loses
    operators.
    """
    versions = [o.version for o in model.opset_import if o.domain in DEFAULT_DOMAINS]
    version = max(versions, default=1)
    if version >= OLDEST_KEPT:
        return model, []
    try:
        converted = version_converter.convert_version(model, TARGET)
    except Exception as error:  # ConvertError, but also RuntimeError and protobuf's own
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
        what = f"is written for ONNX opset {version} and cannot be converted to {TARGET}: {reason}"
        raise ModelError(Problem(where, what, "export it again with opset 17 or later")) from None
    return converted, [f"converted from opset {version} to {TARGET}"]


def with_gelu(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model in the first opset with Gelu, if it spells that out with Erf."""
    spelled = any(n.op_type == "Erf" for n in model.graph.node)
    version = max(o.version for o in model.opset_import if o.domain in DEFAULT_DOMAINS)
    if not spelled or version >= GELU:
        return model
    try:
        return version_converter.convert_version(model, GELU)
    except Exception:  # then its parts are quantized one by one
        return model
