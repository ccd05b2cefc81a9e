"""Layer, instance, group and root mean square normalization are spelled out and quantized."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from float_models import check_quantized, float_model, node, normal

from msfcnn.errors import ModelError
from msfcnn.quantizer.prepare import prepare

C, PIXELS = 6, (8, 7)
CHANNELS = {"g": normal(C, seed=1) + 1, "b": normal(C, seed=2)}
GROUPS = {"g": normal(3, seed=1) + 1, "b": normal(3, seed=2)}
ROWS = {"g": normal(*PIXELS[1:], seed=1) + 1, "b": normal(*PIXELS[1:], seed=2)}
Form = tuple[list[onnx.NodeProto], dict[str, Any], int]
FORMS: dict[str, Form] = {
    "layer of rows": ([node("LayerNormalization", "c g b", "n")], ROWS, 17),
    "layer of everything": (
        [node("LayerNormalization", "c g", "n", axis=1, epsilon=1e-3)],
        {"g": normal(C, *PIXELS, seed=1)},
        17,
    ),
    "layer of channels": (
        [
            node("Transpose", "c", "t", perm=[0, 2, 3, 1]),
            node("LayerNormalization", "t g b", "l"),
            node("Transpose", "l", "n", perm=[0, 3, 1, 2]),
        ],
        CHANNELS,
        17,
    ),
    "instance": ([node("InstanceNormalization", "c g b", "n")], CHANNELS, 13),
    "group 21": ([node("GroupNormalization", "c g b", "n", num_groups=3)], CHANNELS, 21),
    "group reshaped": (
        [
            node("Reshape", "c apart", "r"),
            node("InstanceNormalization", "r g b", "i"),
            node("Reshape", "i together", "n"),
        ],
        GROUPS | {"apart": np.array([0, 3, -1]), "together": np.array([1, C, *PIXELS])},
        17,
    ),
    "group reshaped as it was": (
        [
            node("Reshape", "c apart", "r"),
            node("InstanceNormalization", "r g b", "i"),
            node("Shape", "c", "together"),
            node("Reshape", "i together", "n"),
        ],
        GROUPS | {"apart": np.array([0, 3, -1])},
        13,
    ),
    "root mean square": ([node("RMSNormalization", "c g", "n")], {"g": ROWS["g"]}, 23),
}


def network(form: Form) -> onnx.ModelProto:
    nodes, constants, opset = form
    layers = [node("Conv", "x w", "c"), *nodes, node("Conv", "n v", "y")]
    weights = {"w": normal(C, 4, 3, 3), "v": normal(3, C, 1, 1)}
    height, width = PIXELS
    return float_model(layers, [1, 4, height + 2, width + 2], weights | constants, opset=opset)


@pytest.mark.parametrize("form", FORMS)
def test_a_normalization_is_spelled_out_and_quantized(form: str, tmp_path: Path) -> None:
    model = network(FORMS[form])
    images = normal(4, 4, PIXELS[0] + 2, PIXELS[1] + 2, seed=9, scale=1.0)
    kinds = check_quantized(model, images, tmp_path)
    assert not any("Normalization" in kind for kind in kinds)


def test_a_normalization_with_computed_factors_is_refused(tmp_path: Path) -> None:
    nodes = [node("ReduceMean", "c", "g", axes=[0, 1, 2], keepdims=0)]
    nodes += [node("LayerNormalization", "c g", "n")]
    path = tmp_path / "given.onnx"
    onnx.save(network((nodes, {}, 17)), path)
    with pytest.raises(ModelError) as caught:
        prepare(path, tmp_path)
    (problem,) = caught.value.problems
    assert problem.kind == "LayerNormalization"
    assert "BatchNormalization" in problem.hint
