"""A float model from its file: whole, with its external data, in one piece.

Float TFLite files come through the same door: `frontend.load_proto` translates them to ONNX.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx import numpy_helper

from msfcnn.errors import ModelError, MsfcnnError, Problem, UsageError
from msfcnn.frontend import check_whole, load_proto, not_onnx
from msfcnn.quantizer.graph import DEFAULT_DOMAINS, kind_of
from msfcnn.quantizer.prepare.dynamic import is_dynamic

OLDEST_IR = 8  # before version 4 initializers had to be inputs; onnxruntime reads this one anyway


def read_float(path: Path) -> onnx.ModelProto:
    """The float network in a file. Raises UsageError (no file) or ModelError (no float model, or
    a damaged one).

    Constants are initializers in what is returned, and no initializer is an input.
    """
    model = _loaded(path)
    _make_dense(model.graph)
    check_whole(model, path.name)
    lift_constants(model)
    _drop_descriptions(model)
    return model


def _loaded(path: Path) -> onnx.ModelProto:
    """A model with nodes of which no activation is quantized, as the file has it."""
    try:
        model = load_proto(path)
    except ModelError:
        raise
    except FileNotFoundError as error:
        hint = "" if not path.is_file() else "its weights are stored there: keep both together"
        raise UsageError(Problem(str(error.filename or path), "no such file", hint)) from None
    except onnx.checker.ValidationError as error:
        hint = "keep the .onnx file and its data file in one directory"
        what = f"its external data cannot be read: {str(error).splitlines()[0]}"
        raise ModelError(Problem(path.name, what, hint)) from None
    except Exception:
        raise ModelError(not_onnx(path.name, path, "a float")) from None
    if not model.graph.node:
        raise ModelError(not_onnx(path.name, path, "a float"))
    _refuse_quantized(model, path)
    return model


def drop_unread_inputs(model: onnx.ModelProto) -> list[str]:
    """Takes off inputs that nothing reads, in place; returns what was done."""
    read = {value.name for value in model.graph.output} | set(_names_read(model.graph))
    unread = [border.name for border in model.graph.input if border.name not in read]
    if not unread or len(unread) == len(model.graph.input):
        return []
    kept = [border for border in model.graph.input if border.name in read]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    return [f"input '{name}' taken off: nothing reads it" for name in unread]


def _names_read(graph: onnx.GraphProto) -> Iterator[str]:
    """Of all nodes, those of nested graphs, too."""
    for node in graph.node:
        yield from node.input
        for given in node.attribute:
            for inner in (*([given.g] if given.HasField("g") else []), *given.graphs):
                yield from _names_read(inner)
                yield from (value.name for value in inner.output)


def is_float(path: Path) -> bool:
    """Whether a file is a model whose activations are not quantized; False if it is none at all."""
    try:
        _loaded(path)
    except MsfcnnError:
        return False
    return True


def _refuse_quantized(model: onnx.ModelProto, path: Path) -> None:
    """Raises ModelError if activations are quantized; a DequantizeLinear alone is of weights, and
    dynamic quantization can be undone.
    """
    if is_dynamic(model):
        return
    kinds = {kind_of(n) for n in model.graph.node}
    if any("QLinear" in k or k.endswith(("QuantizeLinear", "Integer")) for k in kinds):
        hint = "use it as it is, or give the float network it was made from"
        raise ModelError(Problem(path.name, "it is quantized already", hint))


def _make_dense(graph: onnx.GraphProto) -> None:
    """Sparse initializers become dense ones (ONNX IR: indices are of elements, or [n, rank])."""
    import numpy as np

    for sparse in graph.sparse_initializer:
        try:
            values, indices = map(numpy_helper.to_array, (sparse.values, sparse.indices))
            dense = np.zeros(tuple(sparse.dims), values.dtype)
            if indices.ndim == 1:
                dense.ravel()[indices] = values
            else:
                dense[tuple(indices.T)] = values
        except (IndexError, TypeError, ValueError) as error:
            what = f"its values and indices do not fit together ({error})"
            hint = "the file is damaged; export it again"
            raise ModelError(Problem(sparse.values.name, what, hint)) from None
        graph.initializer.append(numpy_helper.from_array(dense, sparse.values.name))
    del graph.sparse_initializer[:]


def lift_constants(model: onnx.ModelProto) -> None:
    """Constant nodes become initializers, and initializers are no longer inputs as well."""
    graph = model.graph
    kept = []
    for node in graph.node:
        tensor = _constant_of(node)
        if tensor is None:
            kept.append(node)
            continue
        tensor.name = node.output[0]
        graph.initializer.append(tensor)
    del graph.node[:]
    graph.node.extend(kept)
    stored = {t.name for t in graph.initializer}
    inputs = [i for i in graph.input if i.name not in stored]
    model.ir_version = max(model.ir_version, OLDEST_IR)
    del graph.input[:]
    graph.input.extend(inputs)


def _constant_of(node: onnx.NodeProto) -> onnx.TensorProto | None:
    """The tensor of a Constant node, in whichever attribute it stands."""
    if node.op_type != "Constant" or node.domain not in DEFAULT_DOMAINS or not node.attribute:
        return None
    import numpy as np

    given = node.attribute[0]
    if given.name == "value":
        tensor = onnx.TensorProto()
        tensor.CopyFrom(given.t)
        return tensor
    if given.name in ("value_float", "value_floats"):
        values = given.f if given.name == "value_float" else list(given.floats)
        return numpy_helper.from_array(np.array(values, np.float32))
    if given.name in ("value_int", "value_ints"):
        values = given.i if given.name == "value_int" else list(given.ints)
        return numpy_helper.from_array(np.array(values, np.int64))
    return None


def _drop_descriptions(model: onnx.ModelProto) -> None:
    """Exporters put stack traces and paths of the training machine into every node."""
    model.doc_string = ""
    del model.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
        if hasattr(node, "metadata_props"):
            del node.metadata_props[:]
