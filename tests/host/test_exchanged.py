"""Height and width exchanged in a network: layers take the map as it lies, turned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from float_models import check_quantized, float_model, node, normal
from onnx import helper

C, SIZE = 4, (9, 6)
MEAN = [node("GlobalAveragePool", "n", "y")]
Form = tuple[list[onnx.NodeProto], dict[str, Any]]

# from t, [1, 4, 6, 9] with height and width exchanged, to n
SINKING: dict[str, Form] = {
    "kernel, stride, dilation and padding": (
        [
            node(
                "Conv",
                "t u",
                "n",
                strides=[1, 2],
                dilations=[2, 1],
                pads=[1, 0, 2, 1],
                kernel_shape=[3, 2],
            )
        ],
        {"u": normal(5, C, 3, 2)},
    ),
    "transposed convolution": (
        [node("ConvTranspose", "t u", "n", strides=[2, 1], output_padding=[1, 0])],
        {"u": normal(C, 5, 3, 2)},
    ),
    "pools": (
        [
            node("MaxPool", "t", "m", kernel_shape=[3, 1], pads=[1, 0, 0, 0]),
            node("AveragePool", "m", "n", kernel_shape=[1, 2], strides=[2, 1]),
        ],
        {},
    ),
    "factors of columns and of channels": (
        [node("Mul", "t f", "m"), node("Add", "m g", "n")],
        {"f": normal(SIZE[0], seed=1) + 2, "g": normal(C, 1, 1, seed=2)},
    ),
    "a sum with itself behind a layer": (
        [node("Conv", "t u", "m", pads=[1, 0, 1, 0]), node("Add", "t m", "n")],
        {"u": normal(C, C, 3, 1)},
    ),
    "a gate": (
        [
            node("GlobalAveragePool", "t", "m"),
            node("Conv", "m u", "l"),
            node("Sigmoid", "l", "s"),
            node("Mul", "t s", "n"),
        ],
        {"u": normal(C, C, 1, 1)},
    ),
    "joined, split and cut": (
        [
            node("Concat", "t t", "m", axis=3),
            helper.make_node("Split", ["m", "sizes"], ["l", "r"], name="s", axis=2),
            node("Concat", "l l", "k", axis=1),
            node("Slice", "k from to axes steps", "n"),
        ],
        {
            "sizes": np.array([4, 2]),
            "from": np.array([1, 0]),
            "to": np.array([9, 4]),
            "axes": np.array([-1, 2]),
            "steps": np.array([2, 1]),
        },
    ),
    "padded and enlarged": (
        [node("Pad", "t pads", "m"), node("Resize", "m - scales", "n", mode="linear")],
        {
            "pads": np.array([0, 0, 1, 0, 0, 0, 2, 3]),
            "scales": np.array([1, 1, 2, 1], np.float32),
        },
    ),
    "the mean over channels": ([node("ReduceMean", "t", "n", axes=[1])], {}),
    "the largest over height": ([node("ReduceMax", "t", "n", axes=[2])], {}),
    "exchanged back": (
        [
            node("Conv", "t u", "m"),
            node("Transpose", "m", "l", perm=[0, 1, 3, 2]),
            node("Relu", "l", "n"),
        ],
        {"u": normal(5, C, 3, 1)},
    ),
}


def network(nodes: list[onnx.NodeProto], constants: dict[str, Any]) -> onnx.ModelProto:
    """Conv, Transpose to t, these nodes."""
    layers = [
        node("Conv", "x w", "c"),
        node("Transpose", "c", "t", perm=[0, 1, 3, 2]),
        *nodes,
    ]
    return float_model(layers, [1, 2, *SIZE], {"w": normal(C, 2, 1, 1), **constants})


def kinds(nodes: list[onnx.NodeProto], constants: dict[str, Any], tmp_path: Path) -> set[str]:
    images = normal(4, 2, *SIZE, seed=9, scale=1.0)
    return check_quantized(network(nodes, constants), images, tmp_path)


@pytest.mark.parametrize("form", SINKING)
def test_layers_take_the_map_as_it_lies(form: str, tmp_path: Path) -> None:
    nodes, constants = SINKING[form]
    behind = [node("Abs", "n", "a"), node("ReduceMean", "a", "y", axes=[2, 3])]
    assert "Transpose" not in kinds([*nodes, *behind], constants, tmp_path)


def test_a_dense_layer_takes_any_order(tmp_path: Path) -> None:
    nodes = [
        node("Conv", "t u", "m"),
        node("Flatten", "m", "f"),
        node("Gemm", "f v", "y"),
    ]
    constants = {"u": normal(3, C, 3, 1), "v": normal(3 * 4 * 9, 5)}
    kinds(nodes, constants, tmp_path)


def test_one_that_would_be_left_over_stays_where_it_is(tmp_path: Path) -> None:
    nodes = [node("Conv", "t u", "y")]
    model = network(nodes, {"u": normal(3, C, 3, 1)})
    images = normal(4, 2, *SIZE, seed=9, scale=1.0)
    assert "Transpose" in check_quantized(model, images, tmp_path)
