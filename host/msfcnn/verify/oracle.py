"""onnxruntime as the judge of fidelity: of single ops on our inputs, and of the whole network.

An op is judged on the very values our reference feeds it: the graph is cut at every quantized
tensor, so that roundings of earlier ops cannot hide or excuse an error of this one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from msfcnn.errors import Problem, UsageError
from msfcnn.model import Model, Port, Tensor

_FORCED = "msfcnn_forced/"


class Oracle:
    """One ONNX file in onnxruntime, without graph optimizations.

    Raises UsageError if onnxruntime is not installed.
    """

    def __init__(self, path: Path, model: Model) -> None:
        self._model = model
        proto = onnx.load(path)
        self._whole = _session(proto)
        self._judged = _quantized(proto, model)
        self._cut = _session(_cut(proto, model, self._judged)) if self._judged else None

    def judge(self, values: Sequence[NDArray[np.int8]]) -> Mapping[int, NDArray[np.int8]]:
        """What each op makes of our values: per tensor index int8 [H, W, C].

        values: for every tensor of the model our int8 [H, W, C]. Tensors that have no quantized
        value in the ONNX graph are not judged.
        """
        if self._cut is None:
            return {}
        feeds = {
            _FORCED + tensor.name: tensor.to_onnx(values[index])
            for index, tensor in enumerate(self._model.tensors)
            if index in self._judged or index == self._model.input.tensor
        }
        feeds[self._model.input.name] = _as_input(
            self._model, self._model.input, values[self._model.input.tensor]
        )
        wanted = {i.name for i in self._cut.get_inputs()}
        names = [self._model.tensors[t].name for t in self._judged]
        results = self._cut.run(names, {k: v for k, v in feeds.items() if k in wanted})
        return {
            t: self._model.tensors[t].from_onnx(result)
            for t, result in zip(self._judged, results, strict=True)
        }

    def run(self, image: NDArray[np.int8]) -> list[NDArray[np.int8]]:
        """The network's outputs, int8 [H, W, C], for an image int8 [H, W, C]."""
        port = self._model.input
        feeds = {port.name: _as_input(self._model, port, image)}
        results = self._whole.run([p.name for p in self._model.outputs], feeds)
        return [
            _as_stored(port.view(self._model), result)
            for port, result in zip(self._model.outputs, results, strict=True)
        ]


def _session(proto: onnx.ModelProto) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise UsageError(
            Problem("onnxruntime", "is not installed", "pip install 'msfcnn[verify]'")
        ) from None
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _quantized(proto: onnx.ModelProto, model: Model) -> list[int]:
    """Tensors of the model that a QuantizeLinear of the graph writes, the input left out."""
    written = {n.output[0] for n in proto.graph.node if n.op_type == "QuantizeLinear"}
    return [
        index
        for index, tensor in enumerate(model.tensors)
        if tensor.name in written and index != model.input.tensor
    ]


def _cut(proto: onnx.ModelProto, model: Model, judged: Sequence[int]) -> onnx.ModelProto:
    """The graph whose readers of quantized tensors read new graph inputs instead."""
    forced = {model.tensors[t].name: model.tensors[t] for t in (model.input.tensor, *judged)}
    cut = onnx.ModelProto()
    cut.CopyFrom(proto)
    for node in cut.graph.node:
        for position, name in enumerate(node.input):
            if name in forced:
                node.input[position] = _FORCED + name
    cut.graph.input.extend(_info(_FORCED + name, tensor) for name, tensor in forced.items())
    del cut.graph.output[:]
    cut.graph.output.extend(_info(model.tensors[t].name, model.tensors[t]) for t in judged)
    return cut


def _info(name: str, tensor: Tensor) -> onnx.ValueInfoProto:
    kind = onnx.TensorProto.UINT8 if tensor.unsigned else onnx.TensorProto.INT8
    return onnx.helper.make_tensor_value_info(name, kind, list(tensor.onnx_shape))


def _as_input(model: Model, port: Port, image: NDArray[np.int8]) -> NDArray[np.generic]:
    """An image as the network's caller would give it."""
    view = port.view(model)
    if port.dtype != "float32":
        return view.to_onnx(image)
    scaled = (image.astype(np.float32) - view.quantization.zero_point) * np.float32(
        view.quantization.scale
    )
    return _reordered(view, scaled)


def _reordered(view: Tensor, values: NDArray[np.float32]) -> NDArray[np.float32]:
    planar = values.transpose(2, 0, 1) if view.onnx_order.value == "CHW" else values
    return np.ascontiguousarray(planar).reshape(view.onnx_shape)


def _as_stored(view: Tensor, result: NDArray[np.generic]) -> NDArray[np.int8]:
    """A network output as int8 [H, W, C]; exact, since its real values come from int8."""
    if result.dtype in (np.int8, np.uint8):
        return view.from_onnx(result)
    scaled = np.rint(result.astype(np.float64) / view.quantization.scale)
    stored = np.clip(scaled + view.quantization.zero_point, -128, 127)
    return view.from_onnx(stored.astype(np.int8))
