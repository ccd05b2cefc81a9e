"""Normalization written as single operators: computed, or named as what it is, once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from float_models import float_model, node, normal

from msfcnn.errors import Problem
from msfcnn.quantizer import quantize
from msfcnn.quantizer.normalizations import name_normalizations

MEAN = [node("ReduceMean", "c", "mean", axes=[1]), node("Sub", "c mean", "d")]
VARIANCE = [
    node("Mul", "d d", "square"),
    node("ReduceMean", "square", "variance", axes=[1]),
    node("Add", "variance small", "sum"),
    node("Sqrt", "sum", "root"),
]
LAYER = [*MEAN, *VARIANCE]
FORMS = {
    "layer": ([*LAYER, node("Div", "d root", "n")], "layer, instance or group"),
    "reciprocal": (
        [*LAYER, node("Reciprocal", "root", "over"), node("Mul", "d over", "n")],
        "layer, instance or group",
    ),
    "root mean square": (
        [
            node("Pow", "c two", "square"),
            *VARIANCE[1:],
            node("Div", "c root", "n"),
        ],
        "root mean square",
    ),
    "length": (
        [
            node("ReduceL2", "c", "length", axes=[1]),
            node("Clip", "length small", "root"),
            node("Div", "c root", "n"),
        ],
        "length of one",
    ),
}


def network(tmp_path: Path, nodes: list[onnx.NodeProto]) -> Path:
    """Conv, these nodes from c to n, Conv."""
    constants = {
        "w": normal(6, 4, 3, 3),
        "u": normal(6, 4, 3, 3, seed=1),
        "v": normal(3, 6, 1, 1),
        "small": np.array(1e-5, np.float32),
        "two": np.array(2, np.float32),
    }
    path = tmp_path / "given.onnx"
    layers = [node("Conv", "x w", "c"), *nodes, node("Conv", "n v", "y")]
    onnx.save(float_model(layers, [1, 4, 8, 8], constants), path)
    return path


@pytest.mark.parametrize("form", FORMS)
def test_a_normalization_is_computed(form: str, tmp_path: Path) -> None:
    done = quantize(network(tmp_path, FORMS[form][0]), normal(4, 4, 8, 8))
    assert not done.unsupported
    assert done.comparison.outputs[0].error < 0.05


@pytest.mark.parametrize("form", FORMS)
def test_a_normalization_that_cannot_be_computed_is_named(form: str, tmp_path: Path) -> None:
    parts, named = FORMS[form]
    model = onnx.load(network(tmp_path, parts))
    reduction = next(n for n in model.graph.node if n.op_type.startswith("Reduce"))
    problems = [
        Problem(f"n_{reduction.output[0]}", "one", kind=reduction.op_type),
        Problem("elsewhere", "two"),
        Problem("n_n", "three", kind="Div"),
    ]
    found, other = name_normalizations(model, problems)
    assert named in found.what
    assert found.where == "n_n"
    assert other is problems[1]


def test_a_quotient_of_two_branches_is_computed(tmp_path: Path) -> None:
    nodes = [node("Conv", "x u", "o"), node("Exp", "o", "e"), node("Div", "c e", "n")]
    done = quantize(network(tmp_path, nodes), normal(4, 4, 8, 8, scale=0.3))
    assert not done.unsupported
    assert done.comparison.outputs[0].error < 0.05


def test_a_quotient_of_functions_of_one_value_stays_a_table(tmp_path: Path) -> None:
    nodes = [node("Abs", "c", "a"), node("Add", "a two", "b"), node("Div", "c b", "n")]
    done = quantize(network(tmp_path, nodes), normal(4, 4, 8, 8))
    assert not done.unsupported
    assert "Div" in {n.op_type for n in done.model.graph.node}


def test_a_length_of_one_at_the_end_is_cut_off(tmp_path: Path) -> None:
    nodes = [
        node("Conv", "x w", "c"),
        node("ReduceL2", "c", "l", axes=[1]),
        node("Div", "c l", "y"),
    ]
    path = tmp_path / "given.onnx"
    onnx.save(float_model(nodes, [1, 4, 8, 8], {"w": normal(6, 4, 3, 3)}), path)
    done = quantize(path, normal(4, 4, 8, 8))
    assert not done.unsupported
    assert any("cut off" in note and "Div" in note for note in done.notes)
