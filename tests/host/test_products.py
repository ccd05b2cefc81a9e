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
