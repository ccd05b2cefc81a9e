"""Old opsets converted to one that knows quantization per channel, new ones to one that all know.

onnxruntime up to 1.32 fails on int8 views of opset 21 and later when it optimizes: it moves a
QuantizeLinear with `output_dtype` and changes only its zero point to uint8.
"""

from __future__ import annotations

import onnx
from onnx import helper, version_converter

from msfcnn.errors import ModelError, Problem
from msfcnn.quantizer.graph import DEFAULT_DOMAINS, EditedGraph, attribute, label

OLDEST_KEPT = 13  # the first with DequantizeLinear per axis
TARGET = 17
GELU = 20  # the first with that operator
NEWEST_KEPT = 20  # the last whose QuantizeLinear has no `output_dtype`


def current_opset(model: onnx.ModelProto, where: str) -> tuple[onnx.ModelProto, list[str]]:
    """The model in opset 13 or later, and what was done. Raises ModelError if that fails.

    where: the file's name, for the error. Later opsets than 20 become 20 where all operators of the
    model mean the same there.
    """
    versions = [o.version for o in model.opset_import if o.domain in DEFAULT_DOMAINS]
    version = max(versions, default=1)
    if version > NEWEST_KEPT:
        spelled = _without_swish(model)
        return (_lowered(spelled) if _is_older(spelled) else model), []
    if version >= OLDEST_KEPT:
        return model, []
    try:
        converted = version_converter.convert_version(model, TARGET)
    except Exception as error:  # ConvertError, but also RuntimeError and protobuf's own
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
        what = f"is written for ONNX opset {version} and cannot be converted to {TARGET}: {reason}"
        raise ModelError(Problem(where, what, "export it again with opset 17 or later")) from None
    return converted, [f"converted from opset {version} to {TARGET}"]


def _is_older(model: onnx.ModelProto) -> bool:
    """Whether all operators of a model were there in opset 20 in this form.

    What opsets 21 to 26 changed of them is types, which the checker looks at, and attributes; but
    for GroupNormalization, which means something else.
    """
    for node in model.graph.node:
        if node.domain not in DEFAULT_DOMAINS:
            continue
        try:
            schema = onnx.defs.get_schema(node.op_type, NEWEST_KEPT)
        except onnx.defs.SchemaError:
            return False
        known = {given.name for given in node.attribute} <= set(schema.attributes)
        if not known or node.op_type == "GroupNormalization":
            return False
    try:
        onnx.checker.check_model(_lowered(model))
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, ValueError):
        return False  # ValueError: of protobuf, for more than 2 GB
    return True


def _without_swish(model: onnx.ModelProto) -> onnx.ModelProto:
    """Swish, of opset 24, as the Sigmoid and the Mul that it stands for; with alpha it stays."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    edited = EditedGraph(copy)
    for node in edited.nodes:
        if node.op_type != "Swish" or attribute(node, "alpha", 1.0) != 1.0:
            continue
        x, result, gate = node.input[0], node.output[0], edited.new_name(f"{node.output[0]}_gate")
        edited.insert_before(
            node,
            helper.make_node("Sigmoid", [x], [gate], f"{label(node)}_sigmoid"),
            helper.make_node("Mul", [x, gate], [result], label(node)),
        )
        edited.remove(node)
    return copy


def _lowered(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same nodes as ones of opset 20."""
    lowered = onnx.ModelProto()
    lowered.CopyFrom(model)
    for opset in lowered.opset_import:
        if opset.domain in DEFAULT_DOMAINS:
            opset.version = NEWEST_KEPT
    return lowered


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
