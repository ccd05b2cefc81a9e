"""Float files that are damaged, too new or odd: refused by what is wrong with them, or mended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from float_models import float_model, node, normal, run
from onnx import TensorProto, numpy_helper

from msfcnn.errors import ModelError
from msfcnn.quantizer import is_float, reason_of
from msfcnn.quantizer.prepare import Prepared, prepare

SHAPE = [1, 3, 8, 8]
WEIGHTS = normal(4, 3, 3, 3)


def network(weights: np.ndarray = WEIGHTS) -> onnx.ModelProto:
    return float_model([node("Conv", "x w", "c"), node("Relu", "c", "y")], SHAPE, {"w": weights})


def prepared(model: onnx.ModelProto, tmp_path: Path) -> Prepared:
    path = tmp_path / "given.onnx"
    path.write_bytes(model.SerializeToString())
    assert is_float(path)  # or `verify` would not send its user to `quantize`
    return prepare(path, tmp_path)


def newer_format(model: onnx.ModelProto) -> None:
    model.ir_version = 99


def newer_operators(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 99


def lost_bytes(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].raw_data = b"1234"


def boundless(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims[0] = 2**31


def unsorted_nodes(model: onnx.ModelProto) -> None:
    nodes = list(reversed(model.graph.node))
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def lost_output(model: onnx.ModelProto) -> None:
    model.graph.output[0].name = "z"


def no_output(model: onnx.ModelProto) -> None:
    del model.graph.output[:]


@pytest.mark.parametrize(
    ("damage", "where", "what"),
    [
        (newer_format, "given.onnx", "IR version 99"),
        (newer_operators, "given.onnx", "opset 99"),
        (lost_bytes, "w", "does not fit its shape"),
        (boundless, "w", "does not fit its shape"),
        (unsorted_nodes, "n_y", "produced only later"),
        (lost_output, "z", "nothing produces"),
        (no_output, "given.onnx", "has no output"),
    ],
)
def test_damage_is_named(
    damage: Callable[[onnx.ModelProto], None], where: str, what: str, tmp_path: Path
) -> None:
    model = network()
    damage(model)
    with pytest.raises(ModelError, match=what) as caught:
        prepared(model, tmp_path)
    assert [p.where for p in caught.value.problems] == [where]
    assert all(p.hint for p in caught.value.problems)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers(value: float, tmp_path: Path) -> None:
    weights = WEIGHTS.copy()
    weights[1, 2, 0, 0] = value
    with pytest.raises(ModelError, match="no finite numbers") as caught:
        prepared(network(weights), tmp_path)
    assert [p.where for p in caught.value.problems] == ["n_c"]


@pytest.mark.parametrize("ranked", [False, True])
def test_sparse_weights_become_dense(ranked: bool, tmp_path: Path) -> None:
    places = [1, 40, 77, 107]
    dense = np.zeros(WEIGHTS.size, np.float32)
    dense[places] = [1, -2, 3, 4]
    model = network()
    del model.graph.initializer[:]
    sparse = model.graph.sparse_initializer.add()
    sparse.dims.extend(WEIGHTS.shape)
    indices = np.array(places)
    if ranked:
        indices = np.stack(np.unravel_index(indices, WEIGHTS.shape), axis=1)
    sparse.values.CopyFrom(numpy_helper.from_array(dense[places], "w"))
    sparse.indices.CopyFrom(numpy_helper.from_array(indices.astype(np.int64), "w_places"))
    batch = normal(2, *SHAPE[1:], seed=3)
    [expected] = run(network(dense.reshape(WEIGHTS.shape)), batch)
    [found] = run(prepared(model, tmp_path).model, batch)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_sparse_weights_that_do_not_fit(tmp_path: Path) -> None:
    model = network()
    del model.graph.initializer[:]
    sparse = model.graph.sparse_initializer.add()
    sparse.dims.extend(WEIGHTS.shape)
    sparse.values.CopyFrom(numpy_helper.from_array(np.ones(1, np.float32), "w"))
    sparse.indices.CopyFrom(numpy_helper.from_array(np.array([10**6]), "w_places"))
    with pytest.raises(ModelError, match="do not fit together"):
        prepared(model, tmp_path)


@pytest.mark.parametrize("kind", [TensorProto.INT32, TensorProto.INT64, TensorProto.BOOL])
def test_whole_numbers_that_are_cast_are_real_ones(kind: int, tmp_path: Path) -> None:
    nodes = [node("Cast", "x", "f", to=TensorProto.FLOAT), node("Conv", "f w", "y")]
    ready = prepared(float_model(nodes, SHAPE, {"w": WEIGHTS}, dtype=kind), tmp_path)
    assert ready.model.graph.input[0].type.tensor_type.elem_type == TensorProto.FLOAT
    assert "became float32" in ready.notes[0]


def test_indices_that_are_cast_to_indices_are_named(tmp_path: Path) -> None:
    nodes = [node("Cast", "x", "i", to=TensorProto.INT64), node("Gather", "table i", "y")]
    model = float_model(nodes, [1, 10], {"table": normal(50, 8)}, dtype=TensorProto.INT64)
    with pytest.raises(ModelError, match="not real numbers"):
        prepared(model, tmp_path)


def test_reasons_name_no_place_of_a_build() -> None:
    """As onnxruntime words them: the file, then where in its own source it gave up."""
    text = (
        "[ONNXRuntimeError] : 1 : FAIL : Load model from /tmp/a b/float.onnx failed:"
        "/onnxruntime_src/onnxruntime/core/graph/model.cc:256 onnxruntime::Model::Model("
        "onnx::ModelProto&&, const PathString&) Unsupported model IR version: 99"
    )
    assert reason_of(RuntimeError(text)) == "Unsupported model IR version: 99"
