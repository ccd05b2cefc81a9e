"""`load_model`: the whole way from a file to a Model, with every problem reported at once.

A node that cannot be converted does not stop the import. Its problem is noted, its value becomes a
Poison, and nodes that only depend on it say nothing; so one run names everything that is wrong.
"""

from __future__ import annotations

from pathlib import Path

import onnx

from msfcnn.errors import ModelError, Problem
from msfcnn.frontend.onnx.ceil_mode import settle_ceil_modes
from msfcnn.frontend.onnx.entry import input_view
from msfcnn.frontend.onnx.exits import output_port, unused_input
from msfcnn.frontend.onnx.graph import graph_of, standardize_pairs
from msfcnn.frontend.onnx.load import read
from msfcnn.frontend.onnx.shapes import check_inferred, fix_batch, input_problems
from msfcnn.frontend.onnx.static import fold_sizes
from msfcnn.frontend.onnx.support import SUPPORTED, hint
from msfcnn.frontend.onnx.tidy import tidy
from msfcnn.ir import Model, Order, Port, without_constants
from msfcnn.nodes import (
    Border,
    Builder,
    Graph,
    Node,
    Poison,
    UnknowableError,
    Unsupported,
    Value,
)
from msfcnn.ops import MOVES


def load_model(path: Path) -> Model:
    """Reads an int8 QDQ ONNX file.

    Raises UsageError if there is no such file, and ModelError with one Problem for everything
    in it that is damaged or not supported.
    """
    proto, sha256 = read(path)
    return import_proto(proto, path, sha256)


def import_proto(proto: onnx.ModelProto, path: Path, sha256: str) -> Model:
    """The Model of an ONNX model that `load.check` has passed.

    path: names the model and stands in messages; sha256: of the file it comes from.
    Raises ModelError.
    """
    fix_batch(proto)
    settle_ceil_modes(proto)
    standardize_pairs(proto)
    graph = graph_of(proto, fold_sizes(proto, str(path)))
    problems = input_problems(graph.inputs, path)
    if problems:  # without the shape of the input no node could be judged
        raise ModelError(*problems, *_unknown_operators(graph))
    views = {border.name: input_view(graph, border) for border in graph.inputs}
    builder = Builder(graph, views, MOVES)
    for node in graph.nodes:
        _convert(builder, node)
    return _finished(builder, path.stem, sha256)


def _convert(builder: Builder, node: Node) -> None:
    """What a node computes; its problem goes to the log, and the nodes behind it see a Poison."""
    value: Value = Poison()
    importer = SUPPORTED.get(node.kind)
    try:
        if importer is None:
            raise Unsupported("this operator is not supported", hint(node.kind))
        value = importer.convert(builder, node)
        if not isinstance(value, Poison):
            check_inferred(node, value.shape, builder.graph.shapes.get(node.outputs[0]))
    except UnknowableError:
        value = Poison()
    except Unsupported as error:
        value = Poison()
        builder.log.add(error.problem(node), error.node or node)
    builder.values[node.outputs[0]] = value


def _finished(builder: Builder, name: str, sha256: str) -> Model:
    """The model, once all nodes are converted. Raises ModelError with all problems of the log.

    Ports come before constants: an output may still emit ops (`Builder.finish`), and constants can
    only be computed of a whole model.
    """
    producers = {output: node for node in builder.graph.nodes for output in node.outputs}
    ports = [
        output_port(builder, border, producers.get(border.name)) for border in builder.graph.outputs
    ]
    outputs = tuple(port for port in ports if port is not None)
    model = _assembled(builder, name, sha256, outputs)
    if model is None and not builder.log.problems:
        for border in builder.graph.inputs:
            if border.name not in builder.inputs:
                builder.log.add(unused_input(border.name))
    for problem in without_constants(model) if model is not None else ():
        builder.log.add(problem)
    if builder.log.problems or model is None:
        raise ModelError(*builder.log.problems)
    return tidy(model)


def _assembled(builder: Builder, name: str, sha256: str, outputs: tuple[Port, ...]) -> Model | None:
    """The model as far as it got, None if not even its inputs did."""
    ports = [_port(builder, border) for border in builder.graph.inputs]
    found = [port for port in ports if port is not None]
    if len(found) < len(ports):
        return None
    # rows of one input can be pushed: those of the largest, of which most is to be saved
    image = max(found, key=lambda port: builder.tensors[port.tensor].size)
    return Model(
        name=name,
        sha256=sha256,
        tensors=tuple(builder.tensors),
        ops=tuple(builder.ops),
        input=image,
        outputs=outputs,
        beside=tuple(port for port in found if port is not image),
    )


def _port(builder: Builder, border: Border) -> Port | None:
    """A graph input, None if nothing has quantized it."""
    given, view = builder.inputs.get(border.name), builder.sources[border.name]
    if given is None:
        return None
    return Port(
        name=border.name,
        tensor=given.tensor,
        onnx_shape=view.shape,
        onnx_order=view.flat if isinstance(view.flat, Order) else Order.CHW,
        dtype=border.dtype,
        mean=given.mean,
        std=given.std,
    )


def _unknown_operators(graph: Graph) -> list[Problem]:
    """Without shapes nothing can be converted, but unknown operators can be named already."""
    return [
        Problem(node.name, "this operator is not supported", hint(node.kind), node.kind)
        for node in graph.nodes
        if node.kind not in SUPPORTED
    ]
