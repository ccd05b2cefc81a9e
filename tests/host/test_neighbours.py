"""Local response normalization, as ONNX and as PyTorch write it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from float_models import check_quantized, float_model, node, normal

C, H, W = 7, 5, 6


def spelled_out(size: int) -> tuple[list[onnx.NodeProto], dict[str, Any]]:
    """x / (mean of squares of neighbours * alpha + k) ** beta, of channels as depth."""
    sides = [0, 0, size // 2, 0, 0, 0, 0, (size - 1) // 2, 0, 0]
    nodes = [
        node("Mul", "c c", "q"),
        node("Reshape", "q volume", "u"),
        node("Pad", "u sides", "p"),
        node("AveragePool", "p", "a", kernel_shape=[size, 1, 1], strides=[1, 1, 1]),
        node("Reshape", "a map", "m"),
        node("Mul", "m alpha", "s"),
        node("Add", "s one", "t"),
        node("Pow", "t beta", "d"),
        node("Div", "c d", "n"),
    ]
    constants = {"volume": np.array([1, 1, C, H, W]), "map": np.array([1, C, H, W])}
    numbers = {"alpha": 0.9, "one": 1.0, "beta": 0.75}
    constants |= {name: np.array(value, np.float32) for name, value in numbers.items()}
    return nodes, constants | {"sides": np.array(sides)}


FORMS = {
    "ONNX, odd": ([node("LRN", "c", "n", size=3, alpha=0.9, beta=0.5, bias=2.0)], {}),
    "ONNX, wide": ([node("LRN", "c", "n", size=5, alpha=2.0)], {}),
    "PyTorch, odd": spelled_out(3),
    "PyTorch, even": spelled_out(4),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_local_response_normalization_is_spelled_out(form: str, tmp_path: Path) -> None:
    nodes, constants = FORMS[form]
    layers = [node("Conv", "x w", "c"), *nodes, node("Conv", "n v", "y")]
    weights = {"w": normal(C, 4, 1, 1), "v": normal(3, C, 1, 1)}
    model = float_model(layers, [1, 4, H, W], weights | constants, opset=13)
    kinds = check_quantized(model, normal(4, 4, H, W, seed=9, scale=1.0), tmp_path)
    assert not kinds & {"LRN", "AveragePool"}
