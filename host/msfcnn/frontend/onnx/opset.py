"""Quantized files of opsets 10 to 12, such as those of the ONNX model zoo, brought to opset 13."""

from __future__ import annotations

import onnx
from onnx import version_converter

from msfcnn.frontend.onnx.graph import DEFAULT_DOMAINS

OLDEST = 10  # the first with QuantizeLinear
TARGET = 13  # the first with QuantizeLinear per axis and Squeeze axes as an input


def opset_of(model: onnx.ModelProto) -> int:
    """The version of the ONNX operators that a model is written for."""
    return max((o.version for o in model.opset_import if o.domain in DEFAULT_DOMAINS), default=1)


def converted(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model in opset 13; as it is if it is newer, not quantized, damaged or not convertible."""
    quantized = any(
        n.op_type == "DequantizeLinear" or n.op_type.startswith("QLinear") for n in model.graph.node
    )
    if not quantized or not OLDEST <= opset_of(model) < TARGET:
        return model
    try:
        onnx.checker.check_model(model)
        return version_converter.convert_version(model, TARGET)
    except Exception:  # ConvertError, ValidationError, RuntimeError and protobuf's own
        return model  # which `check` then refuses
