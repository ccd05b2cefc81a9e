"""Every translated operator, in onnxruntime, against the reference kernels of LiteRT."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tflite_cases import CASES, Maker

from msfcnn.errors import ModelError
from msfcnn.frontend import load_model, load_proto
from msfcnn.frontend.tflite import translate
from msfcnn.frontend.tflite.convert import CONVERTERS
from msfcnn.reference import execute
from msfcnn.verifier.images import random_images

Arrays = list[NDArray[Any]]
FLOAT_ONLY = ("add_n", "ceil", "cos", "div", "floor", "neg", "pow_", "round_", "sin", "square")
NOT_UINT8 = (
    *("abs_", "batch_matmul", "elu", "exp", "gelu", "gelu_tanh", "log", "log_softmax"),
    *("rsqrt", "sqrt", "squared_difference"),
)
NO_KERNEL = {
    *(("int8", name) for name in FLOAT_ONLY),
    *(("uint8", name) for name in (*FLOAT_ONLY, *NOT_UINT8)),
}
# what must run as int8, whatever else is refused
IMPORTED = {
    *("conv_same", "conv_dilated_by_batches", "depthwise_multiplier", "conv_pool_reshape_dense"),
    *("dense", "dense_on_each_pixel", "add_per_channel", "relu6", "softmax"),
    *("max_pool_same", "average_pool_same", "mean", "mean_kept", "mean_of_rows"),
}
# only LiteRT's optimized kernels have them; its reference SUM of int8 is far off the real sum
NO_REFERENCE = {"elu", "ceil", "round_", "sum_"}


def litert(content: bytes, feeds: Arrays, reference: bool) -> Arrays:
    interpreter = pytest.importorskip(
        "ai_edge_litert.interpreter", reason="pip install ai-edge-litert"
    )
    kinds = interpreter.OpResolverType
    kernels = kinds.BUILTIN_REF if reference else kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    runtime = interpreter.Interpreter(model_content=content, experimental_op_resolver_type=kernels)
    runtime.allocate_tensors()
    for detail, feed in zip(runtime.get_input_details(), feeds, strict=True):
        runtime.set_tensor(detail["index"], feed)
    runtime.invoke()
    return [runtime.get_tensor(d["index"]) for d in runtime.get_output_details()]


def onnxruntime(path: Path, feeds: Arrays) -> Arrays:
    runtime = pytest.importorskip("onnxruntime", reason="pip install onnxruntime")
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = runtime.InferenceSession(
        translate(path.read_bytes(), path).proto.SerializeToString(),
        options,
        providers=["CPUExecutionProvider"],
    )
    names = [value.name for value in session.get_inputs()]
    return list(session.run(None, dict(zip(names, feeds, strict=True))))


def feeds_of(maker: Maker, seed: int) -> Arrays:
    rng = np.random.default_rng(seed)
    shapes = [maker.net.tensors[i].shape for i in maker.net.inputs]
    if maker.dtype == "float32":
        return [rng.normal(0, 3, shape).astype(np.float32) for shape in shapes]
    limits = np.iinfo(maker.dtype)
    return [rng.integers(limits.min, limits.max + 1, shape).astype(maker.dtype) for shape in shapes]


@pytest.mark.parametrize("dtype", ["int8", "float32", "uint8"])
@pytest.mark.parametrize("name", CASES)
def test_an_operator_means_what_litert_computes(name: str, dtype: str, tmp_path: Path) -> None:
    if (dtype, name) in NO_KERNEL:
        pytest.skip(f"LiteRT has no {dtype} kernel for {name}")
    maker = Maker(dtype)
    CASES[name](maker)
    path = maker.net.save(tmp_path / f"{name}.tflite")
    for seed in range(3):
        feeds = feeds_of(maker, seed)
        ours = onnxruntime(path, feeds)
        theirs = litert(path.read_bytes(), feeds, name not in NO_REFERENCE)
        for our, their in zip(ours, theirs, strict=True):
            assert (our.shape, our.dtype) == (their.shape, their.dtype)
            if dtype == "float32":
                np.testing.assert_allclose(our, their, rtol=1e-4, atol=1e-4)
            else:
                assert np.abs(our.astype(int) - their).max() <= 1


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("name", CASES)
def test_what_is_imported_is_within_one_lsb_of_litert(
    name: str, dtype: str, tmp_path: Path
) -> None:
    """What msfcnn cannot run is refused; nothing runs wrongly, whatever its layout."""
    if (dtype, name) in NO_KERNEL:
        pytest.skip(f"LiteRT has no {dtype} kernel for {name}")
    maker = Maker(dtype)
    CASES[name](maker)
    path = maker.net.save(tmp_path / f"{name}.tflite")
    try:
        model = load_model(path)
    except ModelError:
        if dtype == "int8" and name in IMPORTED:
            raise
        return
    image = random_images(model, 1)
    values = execute(model, image)
    given = model.taken_apart(image)
    feeds = {p.name: p.view(model).to_onnx(given[p.tensor][0]) for p in model.inputs}
    order = [border.name for border in load_proto(path).graph.input]
    theirs = litert(path.read_bytes(), [feeds[n] for n in order], name not in NO_REFERENCE)
    for port, their in zip(model.outputs, theirs, strict=True):
        ours = port.view(model).to_onnx(values[port.tensor][0])
        assert ours.dtype == their.dtype
        assert np.abs(ours.astype(int) - their).max() <= 1


def test_every_converter_has_a_case() -> None:
    tried = set()
    for build in CASES.values():
        maker = Maker("int8")
        build(maker)
        tried |= {operator.kind for operator in maker.net.operators}
    assert set(CONVERTERS) - tried == set()
