"""Constants that an ONNX file keeps in other files beside it (external data)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx.external_data_helper import load_external_data_for_model

from msfcnn.errors import ModelError, Problem


def read_outside(proto: onnx.ModelProto, path: Path) -> None:
    """Takes the values of other files into the model, in place.

    path: of the ONNX file; the others lie in its directory or below. Raises ModelError where they
    cannot be read.
    """
    if not any(_is_outside(tensor) for tensor in _tensors(proto.graph)):
        return
    try:
        load_external_data_for_model(proto, str(path.parent))
    except Exception as error:  # onnx checks paths with errors of its own, and reads with others
        reason = " ".join(str(error).split()).rstrip(".")
        what = f"values are in another file (external data), which cannot be read: {reason}"
        hint = "keep the .onnx file and its data file in one directory, or save it in one file"
        raise ModelError(Problem(path.name, what, hint)) from None


def fingerprint(data: bytes, path: Path) -> str:
    """SHA-256 of an ONNX file and of the files that hold its constants, as hexadecimal digits.

    data: the content of the file, which has been read whole before (`read_outside`).
    """
    found = hashlib.sha256(data)
    if b"location" in data:  # the key under which a tensor names its file
        graph = onnx.load_model_from_string(data).graph
        names = {e.value for t in _tensors(graph) for e in t.external_data if e.key == "location"}
        for name in sorted(names):
            found.update((path.parent / name).read_bytes())
    return found.hexdigest()


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """All constants, those of nodes and of nested graphs, too."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            if attribute.HasField("g"):
                yield from _tensors(attribute.g)
            for inner in attribute.graphs:
                yield from _tensors(inner)


def _is_outside(tensor: onnx.TensorProto) -> bool:
    return tensor.data_location == onnx.TensorProto.EXTERNAL or len(tensor.external_data) > 0
