"""Einsum with a constant, CumSum, and a matrix on the left become what msfcnn has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from float_models import check_quantized, float_model, node, normal, run

from msfcnn.errors import ModelError
from msfcnn.quantizer.prepare import prepare

C, T = 6, 10
LETTERS = {"b": 1, "c": C, "t": T, "k": 5, "g": 2, "i": 3, "h": 4}


@pytest.mark.parametrize(
    "equation",
    [
        *("bct->btc", "bct->bc", "bct->bt"),
        *("bct,ck->bkt", "kc,bct->btk", "bct,t->bc", "bct,c->bct", "bct,ct->btc"),
        *("bct,ctk->bk", "bct,k->bkct", "bct,tk->bc", "bct,tck->btk", "bct,ct->b"),
    ],
)
def test_an_einsum_with_a_constant(equation: str, tmp_path: Path) -> None:
    """In the middle of a network, and byte for byte what onnxruntime makes of it before."""
    terms = equation.partition("->")[0].split(",")
    constants = {"w": normal(C, C, 3)}
    inputs = ["r" if term == "bct" else "e" for term in terms]
    for term in terms:
        if term != "bct":
            constants["e"] = normal(*(LETTERS[n] for n in term), seed=3)
    nodes = [
        node("Conv", "x w", "c", pads=[1, 1]),
        node("Relu", "c", "r"),
        node("Einsum", " ".join(inputs), "y", equation=equation),
    ]
    model = float_model(nodes, [1, C, T], constants, opset=13)
    images = normal(4, C, T, seed=9)
    onnx.save(model, tmp_path / "net.onnx")
    ready = prepare(tmp_path / "net.onnx", tmp_path).model
    assert not any(n.op_type == "Einsum" for n in ready.graph.node)
    for before, after in zip(run(model, images), run(ready, images), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-5)


def test_dense_layers_in_groups(tmp_path: Path) -> None:
    """As DeepFilterNet has them: features in groups, each with a matrix of its own."""
    constants = {"w": normal(6, 6, 1), "e": normal(2, 3, 4), "v": normal(8, 5)}
    constants |= {"apart": np.array([1, T, 2, 3]), "together": np.array([1, T, 8])}
    nodes = [
        node("Conv", "x w", "c"),
        node("Transpose", "c", "t", perm=[0, 2, 1]),
        node("Reshape", "t apart", "a"),
        node("Einsum", "a e", "s", equation="btgi,gih->btgh"),
        node("Reshape", "s together", "r"),
        node("MatMul", "r v", "y"),
    ]
    model = float_model(nodes, [1, C, T], constants, opset=13)
    assert "Einsum" not in check_quantized(model, normal(4, C, T, seed=9), tmp_path)


@pytest.mark.parametrize("axis", [1, -1])
@pytest.mark.parametrize(("exclusive", "reverse"), [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_a_sum_up_to_each_position(axis: int, exclusive: int, reverse: int, tmp_path: Path) -> None:
    constants = {"w": normal(C, C, 1), "axis": np.array(axis)}
    nodes = [
        node("Conv", "x w", "c"),
        node("CumSum", "c axis", "y", exclusive=exclusive, reverse=reverse),
    ]
    model = float_model(nodes, [1, C, T], constants, opset=13)
    assert "CumSum" not in check_quantized(model, normal(4, C, T, seed=9), tmp_path)


def test_an_einsum_of_two_activations_is_attention(tmp_path: Path) -> None:
    nodes = [
        node("Conv", "x w", "c"),
        node("Einsum", "c x", "s", equation="bct,bcs->bts"),
        node("MatMul", "s v", "y"),
    ]
    constants = {"w": normal(C, C, 1), "v": normal(T, 3)}
    onnx.save(float_model(nodes, [1, C, T], constants, opset=13), tmp_path / "net.onnx")
    with pytest.raises(ModelError) as caught:
        prepare(tmp_path / "net.onnx", tmp_path)
    (problem,) = caught.value.problems
    assert problem.where == "n_s"
    assert "two activations" in problem.what


@pytest.mark.parametrize("ahead", [(), (1,), (1, 1)])
def test_a_matrix_on_the_left(ahead: tuple[int, ...], tmp_path: Path) -> None:
    """Over channels, over rows of a map: an adjacency matrix, a filter bank."""
    constants = {"w": normal(C, C, 3, 3), "a": normal(*ahead, 4, T, seed=2)}
    nodes = [
        node("Conv", "x w", "c", pads=[1, 1, 1, 1]),
        node("MatMul", "a c", "m"),
        node("Relu", "m", "y"),
    ]
    model = float_model(nodes, [1, C, T, 7], constants, opset=13)
    check_quantized(model, normal(4, C, T, 7, seed=9), tmp_path)


def test_rows_weighted_by_activations(tmp_path: Path) -> None:
    """A global context block: every channel's mean, weighted by a softmax over positions."""
    constants = {"w": normal(C, C, 1), "a": normal(1, C, 1), "v": normal(C, C, 1)}
    constants |= {"column": np.array([1, T, 1])}
    nodes = [
        node("Conv", "x w", "c"),
        node("Conv", "c a", "s"),
        node("Softmax", "s", "p", axis=2),
        node("Reshape", "p column", "q"),
        node("MatMul", "c q", "g"),
        node("Conv", "g v", "h"),
        node("Add", "c h", "y"),
    ]
    model = float_model(nodes, [1, C, T], constants, opset=13)
    assert "MatMul" not in check_quantized(model, normal(4, C, T, seed=9), tmp_path)


def test_a_global_context_block(tmp_path: Path) -> None:
    """As it is written for images: [1, 1, C, H * W] times [1, 1, H * W, 1]."""
    shapes = {"columns": [1, 1, C, 12], "line": [1, 1, 12], "row": [1, 1, 12, 1]}
    constants = {name: np.array(shape) for name, shape in shapes.items()}
    constants |= {"context": np.array([1, C, 1, 1])}
    constants |= {"w": normal(C, C, 1, 1), "a": normal(1, C, 1, 1), "v": normal(C, C, 1, 1)}
    nodes = [
        node("Conv", "x w", "c"),
        node("Conv", "c a", "s"),
        node("Reshape", "s line", "l"),
        node("Softmax", "l", "p", axis=2),
        node("Reshape", "p row", "q"),
        node("Reshape", "c columns", "d"),
        node("MatMul", "d q", "g"),
        node("Reshape", "g context", "f"),
        node("Conv", "f v", "h"),
        node("Add", "c h", "y"),
    ]
    model = float_model(nodes, [1, C, 3, 4], constants, opset=13)
    assert "MatMul" not in check_quantized(model, normal(4, C, 3, 4, seed=9), tmp_path)


@pytest.mark.parametrize("row", [True, False])
def test_a_vector_times_a_matrix(row: bool, tmp_path: Path) -> None:
    constants = {"w": normal(C, C, 1), "u": normal(1, C, 1)}
    nodes = [node("Conv", "x w", "c"), node("Relu", "c", "r"), node("Conv", "x u", "s")]
    if row:
        nodes += [node("Transpose", "r", "t", perm=[0, 2, 1]), node("MatMul", "s t", "y")]
    else:
        nodes += [node("Transpose", "s", "t", perm=[0, 2, 1]), node("MatMul", "r t", "y")]
    model = float_model(nodes, [1, C, T], constants, opset=13)
    check_quantized(model, normal(4, C, T, seed=9), tmp_path)


@pytest.mark.parametrize("equation", ["bct,bt->bc", "bt,bct->bct", "bct,bc->bt", "btc,bct->b"])
def test_an_einsum_that_weighs(equation: str, tmp_path: Path) -> None:
    constants = {"w": normal(C, C, 1), "u": normal(C, C, 1), "one": np.array([0, 2])}
    names = {"bct": "r", "btc": "t", "bt": "m", "bc": "a"}
    nodes = [
        node("Conv", "x w", "c"),
        node("Relu", "c", "r"),
        node("Transpose", "c", "t", perm=[0, 2, 1]),
        node("ReduceMean", "c", "m", axes=[1], keepdims=0),
        node("ReduceMean", "c", "a", axes=[2], keepdims=0),
    ]
    inputs = " ".join(names[term] for term in equation.partition("->")[0].split(","))
    nodes.append(node("Einsum", inputs, "y", equation=equation))
    model = float_model(nodes, [1, C, T], constants, opset=13)
    assert "Einsum" not in check_quantized(model, normal(4, C, T, seed=9), tmp_path)
