"""From a path to a ModelProto that is whole, sorted and quantized, or an error saying why not.

Behind `check` the rest of the import need not ask whether a name exists, an initializer can be
decoded or an attribute belongs to its operator. What a node means is not looked at here.
"""

from __future__ import annotations

from pathlib import Path

import onnx

from msfcnn.errors import ModelError, Problem, UsageError
from msfcnn.frontend.formats import not_onnx
from msfcnn.frontend.onnx.graph import decode, node_kind, node_label
from msfcnn.frontend.onnx.opset import TARGET, opset_of
from msfcnn.frontend.onnx.outside import fingerprint, read_outside
from msfcnn.frontend.onnx.qoperator import in_qdq_form

DAMAGED = "the file is damaged; export it again"


def read(path: Path) -> tuple[onnx.ModelProto, str]:
    """The checked model in a file and its SHA-256, see `fingerprint`.

    Raises UsageError if the file cannot be read, ModelError if its content is refused.
    """
    data = bytes_of(path)
    proto = parse(data, path)
    check(proto, path)
    return proto, fingerprint(data, path)


def check(proto: onnx.ModelProto, path: Path) -> None:
    """Raises ModelError if a model is damaged, not whole or not quantized. path: for messages.

    The order is that of what helps most: who gives a float model should hear that first, and our
    own checks name nodes, which those of onnx, run last, often do not.
    """
    where = str(path)
    # first of all: `msfcnn quantize` takes old opsets, too
    _check_quantized(proto, path)
    _check_opset(proto, where)
    _check_dense(proto.graph)
    _check_references(proto.graph)
    _check_constants(proto.graph)
    _check_onnx(proto, where)


def check_whole(proto: onnx.ModelProto, where: str) -> None:
    """Raises ModelError if a model, float or not, is newer than the packages here or damaged.

    Every value is written before it is read, every constant can be decoded. where: for messages.
    """
    _check_newest(proto, where)
    if not proto.graph.output:
        raise ModelError(Problem(where, "has no output", "export the model with its outputs"))
    _check_references(proto.graph)
    _check_constants(proto.graph)


def bytes_of(path: Path) -> bytes:
    """The content of a model file. Raises UsageError if it cannot be read."""
    if path.is_dir():
        raise UsageError(Problem(str(path), "is a directory", "name the model file itself"))
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UsageError(Problem(str(path), "no such file", "check the path")) from None
    except OSError as error:
        raise UsageError(Problem(str(path), f"cannot be read: {error.strerror}")) from None


def parse(data: bytes, path: Path) -> onnx.ModelProto:
    """The ONNX model in these bytes. Raises ModelError if they are none. path: for messages.

    Constants of other files (external data) are read, too; QOperator models come out in QDQ form,
    old opsets in 13.
    Protobuf takes almost any bytes for a message, so a version and at least one node are asked for.
    """
    where = str(path)
    if not data:
        raise ModelError(Problem(where, "the file is empty", "export the model again"))
    try:
        proto = onnx.load_model_from_string(data)
    except Exception:  # protobuf has several families of errors, none of them documented
        raise ModelError(not_onnx(where, path)) from None
    if not proto.ir_version or not proto.HasField("graph"):
        raise ModelError(not_onnx(where, path))
    if not proto.graph.node:
        what = "holds a graph without nodes: there is nothing to compute"
        raise ModelError(Problem(where, what, "export the model again"))
    read_outside(proto, path)
    _mend_names(proto.graph)
    return in_qdq_form(proto)


def _mend_names(graph: onnx.GraphProto) -> None:
    """Names that are no UTF-8, which protobuf hands over as bytes, with replacement characters."""
    for node in graph.node:
        for field in ("name", "op_type", "domain"):
            setattr(node, field, _text(getattr(node, field)))
        for names in (node.input, node.output):
            names[:] = [_text(name) for name in names]
    for named in (*graph.initializer, *graph.input, *graph.output, *graph.value_info):
        named.name = _text(named.name)


def _text(name: str | bytes) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name


def _check_opset(proto: onnx.ModelProto, where: str) -> None:
    """Raises ModelError where the operators' versions are older or newer than what is
    understood.
    """
    version = opset_of(proto)
    if version < TARGET:
        what = f"is written for ONNX opset {version} and cannot be converted to {TARGET}"
        raise ModelError(Problem(where, what, "export and quantize it again with a newer opset"))
    _check_newest(proto, where)


def _check_newest(proto: onnx.ModelProto, where: str) -> None:
    """Raises ModelError for versions of the format or of the operators that nobody here knows."""
    update = "update the onnx package: pip install -U onnx"
    if proto.ir_version > onnx.IR_VERSION:
        what = f"is of IR version {proto.ir_version}; the onnx package here knows up to "
        raise ModelError(Problem(where, f"{what}{int(onnx.IR_VERSION)}", update))
    version = opset_of(proto)
    newest = onnx.defs.onnx_opset_version()
    if version > newest:
        what = f"is written for ONNX opset {version}; the onnx package here knows up to {newest}"
        raise ModelError(Problem(where, what, update))


def _check_dense(graph: onnx.GraphProto) -> None:
    """Raises ModelError for sparse values."""
    what = "is a sparse initializer, which msfcnn does not read"
    sparse = [s.values.name for s in graph.sparse_initializer]
    if sparse:
        hint = "store it densely"
        raise ModelError(*(Problem(name or "unnamed tensor", what, hint) for name in sparse))


def _check_references(graph: onnx.GraphProto) -> None:
    """Every value is produced before it is read; the checker of onnx would not name the node.

    Raises ModelError with one problem a node, however many of its inputs are missing.
    """
    produced = {output for node in graph.node for output in node.output}
    known = {t.name for t in graph.initializer} | {v.name for v in graph.input} | {""}
    problems = []
    for node in graph.node:
        for name in dict.fromkeys(node.input):
            if name in known:
                continue
            later = "which is produced only later (the graph is cyclic or not sorted)"
            what = f"reads '{name}', {later if name in produced else 'which nothing produces'}"
            problems.append(Problem(node_label(node), what, DAMAGED, node_kind(node)))
            break
        known |= set(node.output)
    missing = [v.name for v in graph.output if v.name not in known]
    what = "is a graph output that nothing produces"
    problems += [Problem(name or "unnamed output", what, DAMAGED) for name in missing]
    if problems:
        raise ModelError(*problems)


def _check_constants(graph: onnx.GraphProto) -> None:
    """Decodes every constant once, so that all damaged ones are told together."""
    problems: list[Problem] = []
    for tensor in graph.initializer:
        try:
            decode(tensor, tensor.name or "unnamed initializer")
        except ModelError as error:
            problems += error.problems
    if problems:
        raise ModelError(*problems)


def _check_onnx(proto: onnx.ModelProto, where: str) -> None:
    """Raises ModelError with the first line of what ONNX's own checker says."""
    try:
        onnx.checker.check_model(proto)
    except Exception as error:  # ValidationError, but also protobuf's own and ValueError
        text = " ".join(str(error).split()).split(" ==> Context")[0].rstrip(". ")
        hint = f"export it again, or update the onnx package (this is {onnx.__version__})"
        raise ModelError(Problem(where, f"the ONNX checker rejects it: {text}", hint)) from None


def _check_quantized(proto: onnx.ModelProto, path: Path) -> None:
    """One message for a float model instead of one for each of its layers."""
    kinds = {node_kind(n) for n in proto.graph.node}
    if is_quantized(proto):
        return
    where = str(path)
    if any("DynamicQuantize" in k for k in kinds):
        what = "is quantized dynamically: the scales of its activations hang on each image"
        hint = (
            f"fix them with `msfcnn quantize {path.name} --calib PICTURES`, or give the float file"
        )
        raise ModelError(Problem(where, what, hint))
    if any(k.startswith(("QLinear", "com.microsoft::QLinear")) or "Integer" in k for k in kinds):
        what = "is quantized in operator format (QLinearConv, ConvInteger), not in QDQ format"
        hint = "quantize the float model with quant_format=QuantFormat.QDQ"
        raise ModelError(Problem(where, what, hint))
    only = "DequantizeLinear" in kinds
    what = (
        "is a float model: only its weights are quantized, not its activations"
        if only
        else "is a float model: it has no QuantizeLinear and DequantizeLinear nodes"
    )
    out = path.with_name(f"{path.stem}_int8.onnx").name
    hint = f"quantize it first with `msfcnn quantize {path.name} --calib PICTURES -o {out}`"
    raise ModelError(Problem(where, what, hint))


def is_quantized(proto: onnx.ModelProto) -> bool:
    """Whether activations are quantized: weights alone may be, in files that compute in float.

    A value is constant if all inputs of its node are; a DequantizeLinear of anything else is one of
    an activation.
    """
    graph = proto.graph
    constants = {t.name for t in graph.initializer} | {""}
    for node in graph.node:
        if constants.issuperset(node.input):
            constants |= set(node.output)
        elif node_kind(node) == "DequantizeLinear":
            return True
    return False
