"""onnxruntime as the judge of fidelity: of single ops on our inputs, and of the whole network.

An op is judged on the very values our reference feeds it: the graph is cut at every quantized
tensor, so that roundings of earlier ops cannot hide or excuse an error of this one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from msfcnn.errors import ModelError, Problem, UsageError
from msfcnn.frontend import in_qdq_form, load_proto
from msfcnn.ir import Model, Order, Port, Tensor

_FORCED = "msfcnn_forced/"  # names of graph inputs: real values that replace a tensor's own
_STORED = "msfcnn_stored/"  # their int8 values, which the readers of the tensor get
_JUDGED = "msfcnn_judged/"  # names of graph outputs: the tensor's own real values


class Oracle:
    """One ONNX file in onnxruntime, beside the Model that was read from it.

    optimize: let onnxruntime fuse and rewrite the graph; off, it computes what the file says.
    Raises UsageError if onnxruntime is not installed, ModelError if it does not take the file.
    """

    def __init__(self, path: Path, model: Model, optimize: bool = False) -> None:
        self._model = model
        self._optimize = optimize
        self._given = load_proto(path)
        # an operator on integers (QLinearConv) can be judged alone only in QDQ form
        self._proto = in_qdq_form(self._given)
        self._judged = _quantized(self._proto, model)
        self._whole = _session(self._given, optimize)

    @property
    def real_names(self) -> Mapping[int, str]:
        """By tensor the name of the real value that a QuantizeLinear makes it of."""
        written = {n.output[0]: n.input[0] for n in self._given.graph.node if _quantizes(n)}
        return {
            index: written[tensor.name]
            for index, tensor in enumerate(self._model.tensors)
            if tensor.name in written
        }

    @cached_property
    def _parts(self) -> Any:
        """The session of single ops, made when one is first judged."""
        return _session(_cut(self._proto, self._model, self._judged), self._optimize)

    def judge(self, values: Sequence[NDArray[np.int8]]) -> Mapping[int, NDArray[np.int8]]:
        """What each op makes of our values: per tensor index int8 [H, W, C].

        values: for every tensor of the model our int8 [H, W, C]. Tensors that have no quantized
        value in the ONNX graph are not judged.
        """
        if not self._judged:
            return {}
        tensors = {t: self._model.tensors[t] for t in self._judged}
        feeds = {_FORCED + tensor.name: _real(tensor, values[t]) for t, tensor in tensors.items()}
        for port in self._model.inputs:
            feeds[port.name] = self._fed(port, values[port.tensor])
        names = [_JUDGED + tensor.name for tensor in tensors.values()]
        results = self._parts.run(names, feeds)
        return {
            t: _stored(tensor, result)
            for (t, tensor), result in zip(tensors.items(), results, strict=True)
        }

    def run(self, image: NDArray[np.int8]) -> list[NDArray[np.int8]]:
        """The network's outputs, int8 [H, W, C], for an image int8 [*sample_shape]."""
        results = self._whole.run([p.name for p in self._model.outputs], self._feed(image))
        return [
            _stored(port.view(self._model), result)
            for port, result in zip(self._model.outputs, results, strict=True)
        ]

    def _feed(self, image: NDArray[np.int8]) -> dict[str, NDArray[np.generic]]:
        """An image as the network's caller would give it."""
        values = self._model.taken_apart(image[None])
        return {port.name: self._fed(port, values[port.tensor][0]) for port in self._model.inputs}

    def _fed(self, port: Port, values: NDArray[np.int8]) -> NDArray[np.generic]:
        """int8 [H, W, C] as the file's input wants it: real numbers, or stored ones."""
        if port.dtype == "float32":
            return port.real(self._model, values)
        return port.view(self._model).to_onnx(values)


def _session(proto: onnx.ModelProto, optimize: bool) -> Any:
    """A session that computes as the file says; `optimize` lets onnxruntime fuse operators."""
    try:
        import onnxruntime
    except ImportError:
        raise UsageError(
            Problem("onnxruntime", "is not installed", "pip install 'msfcnn[verify]'")
        ) from None
    levels = onnxruntime.GraphOptimizationLevel
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimize else levels.ORT_DISABLE_ALL
    options.log_severity_level = 3
    # without it, x86 processors that lack VNNI saturate pairs of products at 16 bits
    options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        return onnxruntime.InferenceSession(
            proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # its exceptions have no common base of their own
        what = f"does not take the model: {str(error).splitlines()[0]}"
        hint = "upgrade onnxruntime, or export the model for an older opset"
        raise ModelError(Problem("onnxruntime", what, hint)) from error


def _quantizes(node: onnx.NodeProto) -> bool:
    return node.op_type == "QuantizeLinear"


def _quantized(proto: onnx.ModelProto, model: Model) -> list[int]:
    """Tensors of the model that a QuantizeLinear of the graph writes, the inputs left out."""
    written = {n.output[0] for n in proto.graph.node if _quantizes(n)}
    given = {port.tensor for port in model.inputs}
    return [
        index
        for index, tensor in enumerate(model.tensors)
        if tensor.name in written and index not in given
    ]


def _cut(proto: onnx.ModelProto, model: Model, judged: Sequence[int]) -> onnx.ModelProto:
    """The graph cut at every judged tensor.

    Each gets a graph input, whose values its readers get instead of its own, and a graph output,
    which shows its own. Both are real numbers with the tensor's QuantizeLinear or DequantizeLinear
    between, which is the form that onnxruntime optimizes. Where every reader has a QuantizeLinear
    of its own, all of them read the one that is judged.
    """
    shapes = {model.tensors[t].name: model.tensors[t].onnx_shape for t in judged}
    pairs = [node for node in proto.graph.node if _quantizes(node)]
    first = {tuple(n.input): n.output[0] for n in reversed(pairs) if n.output[0] in shapes}
    stored = {n.output[0]: first[tuple(n.input)] for n in pairs if tuple(n.input) in first}
    cut = onnx.ModelProto()
    cut.CopyFrom(proto)
    del cut.graph.node[:]
    for original in proto.graph.node:
        node = cut.graph.node.add()
        node.CopyFrom(original)
        node.input[:] = [_STORED + stored[n] if n in stored else n for n in original.input]
        if original.op_type == "QuantizeLinear" and original.output[0] in shapes:
            cut.graph.node.extend(_border(original))
    cut.graph.input.extend(_real_info(_FORCED + name, shape) for name, shape in shapes.items())
    del cut.graph.output[:]
    cut.graph.output.extend(_real_info(_JUDGED + name, shape) for name, shape in shapes.items())
    return cut


def _border(quantize: onnx.NodeProto) -> list[onnx.NodeProto]:
    """From the forced real values to the stored ones, and from the node's own to real ones."""
    name, parameters = quantize.output[0], quantize.input[1:]
    make = onnx.helper.make_node
    return [
        make("QuantizeLinear", [_FORCED + name, *parameters], [_STORED + name]),
        make("DequantizeLinear", [name, *parameters], [_JUDGED + name]),
    ]


def _real_info(name: str, shape: Sequence[int]) -> onnx.ValueInfoProto:
    """A graph input or output of real numbers."""
    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, list(shape))


def _real(view: Tensor, values: NDArray[np.int8]) -> NDArray[np.generic]:
    """int8 [H, W, C] as real numbers in the order and shape of ONNX."""
    steps = values.astype(np.float32) - view.quantization.zero_point
    ordered = steps if view.onnx_order is Order.HWC else steps.transpose(2, 0, 1)
    scaled = ordered * np.float32(view.quantization.scale)
    return np.ascontiguousarray(scaled).reshape(view.onnx_shape)


def _stored(view: Tensor, result: NDArray[np.generic]) -> NDArray[np.int8]:
    """A value of ONNX as int8 [H, W, C]; exact, since real values come from stored ones.

    What no node has quantized, as a last Softmax, is rounded to the tensor's quantization.
    """
    if result.dtype in (np.int8, np.uint8):
        return view.from_onnx(result)
    steps = np.rint(result.astype(np.float64) / view.quantization.scale)
    bounded = np.clip(steps + view.quantization.zero_point, -128, 127)
    return view.from_onnx(bounded.astype(np.int8))
