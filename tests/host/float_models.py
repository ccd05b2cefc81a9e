"""Float ONNX models for tests, from a few nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from msfcnn.quantizer import quantize
from msfcnn.quantizer.prepare import prepare

Nodes = Sequence[onnx.NodeProto]


def node(kind: str, inputs: str, output: str, **attributes: Any) -> onnx.NodeProto:
    """A node named after its output; inputs separated by blanks, `-` where one is left out."""
    names = ["" if name == "-" else name for name in inputs.split()]
    return helper.make_node(kind, names, [output], name=f"n_{output}", **attributes)


def float_model(
    nodes: Nodes,
    shape: Sequence[int | str],
    constants: Mapping[str, NDArray[Any]],
    outputs: Sequence[str] = ("y",),
    opset: int = 17,
    dtype: int = TensorProto.FLOAT,
) -> onnx.ModelProto:
    """A model with the input `x`; the shapes of its outputs are inferred."""
    stored = [numpy_helper.from_array(values, name) for name, values in constants.items()]
    image = helper.make_tensor_value_info("x", dtype, list(shape))
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    graph = helper.make_graph(list(nodes), "float", [image], results, stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return onnx.shape_inference.infer_shapes(model)


def normal(*shape: int, seed: int = 0, scale: float = 0.5) -> NDArray[np.float32]:
    """Normally distributed numbers."""
    values = np.random.default_rng(seed).normal(0, scale, shape)
    return values.astype(np.float32)


def batch_norm_constants(channels: int, prefix: str = "") -> dict[str, NDArray[np.float32]]:
    """gamma, beta, mean and var."""
    return {
        f"{prefix}gamma": normal(channels, seed=1) + 1,
        f"{prefix}beta": normal(channels, seed=2),
        f"{prefix}mean": normal(channels, seed=3),
        f"{prefix}var": np.abs(normal(channels, seed=4)) + np.float32(0.3),
    }


def run_whole(model: onnx.ModelProto, batch: NDArray[Any]) -> list[NDArray[np.float32]]:
    """All outputs for a batch in onnxruntime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return [np.asarray(r) for r in session.run(None, {session.get_inputs()[0].name: batch})]


def run(model: onnx.ModelProto, batch: NDArray[Any]) -> list[NDArray[np.float32]]:
    """All outputs of every image in onnxruntime, stacked."""
    import onnxruntime

    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    runs = [session.run(None, {name: image[None]}) for image in batch]
    return [np.stack([np.asarray(r[i]) for r in runs]) for i in range(len(runs[0]))]


def assert_same(model: onnx.ModelProto, ready: onnx.ModelProto, batch: NDArray[Any]) -> None:
    """Both compute the same, beyond the rounding of float32."""
    for theirs, ours in zip(run(model, batch), run(ready, batch), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def check_quantized(model: onnx.ModelProto, batch: NDArray[Any], directory: Path) -> set[str]:
    """Prepared it computes the same, and all of it is quantized well; its operators then."""
    path = directory / "given.onnx"
    onnx.save(model, path)
    ready = prepare(path, directory).model
    assert_same(model, ready, batch)
    done = quantize(path, batch)
    assert not done.unsupported
    assert done.comparison.outputs[0].error < 0.05
    return {n.op_type for n in ready.graph.node}
