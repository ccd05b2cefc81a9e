"""`translate`: the whole way from the bytes of a TFLite file to an ONNX model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx

from msfcnn.errors import ModelError, Problem
from msfcnn.frontend.arrangement import Arrangement
from msfcnn.frontend.tflite.convert import CONVERTERS, ELEMENTWISE
from msfcnn.frontend.tflite.dilation import with_dilations
from msfcnn.frontend.tflite.flatbuffer import read_graph
from msfcnn.frontend.tflite.folding import fold
from msfcnn.frontend.tflite.graph import Operator, TfliteGraph, TfliteTensor
from msfcnn.frontend.tflite.problems import (
    DAMAGED,
    DependentError,
    Untranslatable,
    grouped,
    unknown,
)
from msfcnn.frontend.tflite.shapes import settle_results, settle_shape
from msfcnn.frontend.tflite.step import Conversion
from msfcnn.frontend.tflite.writer import INT8_HINT, ONNX_TYPES, OPSET, Writer

IR_VERSION = 9  # of the ONNX release with that opset


@dataclass(frozen=True, eq=False)
class Translation:
    """An ONNX model and where its quantized values are in the file.

    shown: the tensor of the file that an ONNX value shows, and in which layout.
    """

    proto: onnx.ModelProto
    shown: Mapping[str, tuple[int, Arrangement]]


def translate(data: bytes, path: Path) -> Translation:
    """An ONNX model that computes what the file says: QDQ if it is quantized, float if not.

    Inputs and outputs keep their names, shapes and types: maps are [1, height, width, channels].
    Raises ModelError with one Problem for each kind of operator that is damaged or not supported.
    """
    graph = with_dilations(read_graph(data, path))
    problems = _whole_problems(graph, path)
    if problems:
        raise ModelError(*problems)
    writer = Writer(graph)
    found = [(o, error) for o in graph.operators if (error := _convert(writer, o)) is not None]
    if found:
        raise ModelError(*grouped(found))
    return Translation(_model(writer, path), writer.shown)


def _whole_problems(graph: TfliteGraph, path: Path) -> list[Problem]:
    """What concerns the file as a whole, said once, before any operator is looked at."""
    problems = []
    used = {i for o in graph.operators for i in (*o.inputs, *o.outputs) if i >= 0}
    wide = [t for i in used if (t := graph.tensors[i]).quantized and t.dtype == "int16"]
    if wide:
        what = f"has int16 activations (16x8), {len(wide)} tensors; msfcnn computes with int8"
        problems.append(Problem(str(path), what, INT8_HINT))
    narrow = [t for i in used if (t := graph.tensors[i]).dtype in ("int4", "int2", "uint4")]
    if narrow:
        what = f"has {narrow[0].dtype} weights, {len(narrow)} tensors; msfcnn computes with int8"
        problems.append(Problem(str(path), what, INT8_HINT))
    for index in dict.fromkeys((*graph.inputs, *graph.outputs)):
        problems += _border_problems(graph.tensors[index], index in graph.inputs)
    return problems


def _border_problems(tensor: TfliteTensor, is_input: bool) -> list[Problem]:
    """What keeps a tensor from being an input or output of the network."""
    where = f"{'input' if is_input else 'output'} '{tensor.name}'"
    if tensor.dtype not in ONNX_TYPES and tensor.dtype != "int16":
        hint = "convert with float32 or int8 inputs and outputs"
        return [Problem(where, f"is {tensor.dtype}", hint)]
    inner = [axis for axis in tensor.open if axis > 0]
    if is_input and inner:
        hint = "convert with a fixed input shape: tf.keras.Input((height, width, channels))"
        return [Problem(where, f"leaves the size of axis {inner[0]} open", hint)]
    if min(tensor.shape, default=1) < 1:
        return [Problem(where, f"has the shape {list(tensor.shape)}", DAMAGED)]
    return []


def _convert(writer: Writer, operator: Operator) -> Untranslatable | None:
    """Translates an operator; returns what is wrong with it, None if nothing is.

    Nothing is returned, either, for an operator that only depends on one that was reported.
    """
    first = len(writer.nodes)
    try:
        settle_shape(writer, operator, ELEMENTWISE)
        if fold(writer, operator):
            return None
        converter = None if operator.custom else CONVERTERS.get(operator.kind)
        if converter is None:
            raise unknown(operator)
        converter(Conversion(writer, operator))
        if not all(writer.has(index) for index in operator.outputs):
            raise Untranslatable(f"has {len(operator.outputs)} outputs", DAMAGED)
    except DependentError:
        writer.poison(operator)
        return None
    except Untranslatable as error:
        writer.poison(operator)
        return error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # operands of a damaged file contradict each other in ways that nobody has thought of
        writer.poison(operator)
        first_line = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        return Untranslatable(f"its operands contradict each other ({first_line})", DAMAGED)
    writer.name_nodes(operator, first)
    settle_results(writer, operator)
    return None


def _model(writer: Writer, path: Path) -> onnx.ModelProto:
    """The ONNX model of the nodes that the outputs need."""
    graph = writer.graph
    try:
        names = [writer.output(index) for index in graph.outputs]
    except Untranslatable as error:
        raise ModelError(Problem(str(path), error.what, error.hint)) from None
    outputs = dict(zip(names, graph.outputs, strict=True))
    nodes = _live(writer.nodes, set(outputs))
    read = {name for node in nodes for name in node.input}
    made = onnx.helper.make_graph(
        nodes,
        path.stem or "model",
        [_border(graph.tensors[i], graph.tensors[i].name) for i in graph.inputs],
        [_border(writer.tensor(i), name) for name, i in outputs.items()],
        [tensor for name, tensor in writer.constants.items() if name in read],
    )
    opset = [onnx.helper.make_opsetid("", OPSET)]
    return onnx.helper.make_model(
        made, opset_imports=opset, ir_version=IR_VERSION, producer_name="msfcnn"
    )


def _border(tensor: TfliteTensor, name: str) -> onnx.ValueInfoProto:
    """An input or output of the graph in the shape of the file, an open batch as 1."""
    return onnx.helper.make_tensor_value_info(name, ONNX_TYPES[tensor.dtype], tensor.shape)


def _live(nodes: list[onnx.NodeProto], wanted: set[str]) -> list[onnx.NodeProto]:
    """The nodes that an output depends on."""
    live = []
    for node in reversed(nodes):
        if not wanted.isdisjoint(node.output):
            live.append(node)
            wanted |= set(node.input)
    return live[::-1]
