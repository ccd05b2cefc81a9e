"""Group normalization that is written in five axes is arithmetic on channels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from float_models import check_quantized, float_model, node, normal

G, D, H, W = 2, 3, 6, 5
C = G * D
Layers = list[onnx.NodeProto]


def statistics(source: str, axes: list[int], tail: Layers) -> Layers:
    """(x - mean) / root of the variance, called n, in whatever shape."""
    return [
        node("ReduceMean", source, "m", axes=axes, keepdims=1),
        node("Sub", f"{source} m", "d"),
        node("Mul", "d d", "q"),
        node("ReduceMean", "q", "v", axes=axes, keepdims=1),
        node("Add", "v epsilon", "e"),
        node("Sqrt", "e", "s"),
        *tail,
    ]


def keras() -> tuple[Layers, dict[str, Any]]:
    """Channels last: x * (gamma / root) + (beta - mean * (gamma / root))."""
    tail = [
        node("Reciprocal", "s", "i"),
        node("Mul", "i gamma", "f"),
        node("Mul", "r f", "p"),
        node("Neg", "m", "o"),
        node("Mul", "o f", "l"),
        node("Add", "l beta", "b"),
        node("Add", "p b", "n"),
    ]
    nodes = [
        node("Transpose", "c", "h", perm=[0, 2, 3, 1]),
        node("Reshape", "h apart", "r"),
        *statistics("r", [1, 2, 4], tail),
        node("Reshape", "n together", "j"),
        node("Transpose", "j", "k", perm=[0, 3, 1, 2]),
    ]
    constants = {"apart": np.array([1, H, W, G, D]), "together": np.array([1, H, W, C])}
    factors = {"gamma": normal(1, 1, 1, G, D, seed=4) + 1, "beta": normal(G, D, seed=5)}
    return nodes, constants | factors


def channels_first(shape: list[int], axes: list[int]) -> tuple[Layers, dict[str, Any]]:
    """As people write it in PyTorch: x.view(n, g, ...), and factors of channels behind it."""
    nodes = [
        node("Reshape", "c apart", "r"),
        *statistics("r", axes, [node("Div", "d s", "n")]),
        node("Reshape", "n together", "j"),
        node("Mul", "j gamma", "k"),
    ]
    factors = {"gamma": normal(C, 1, 1, seed=4) + 1}
    return nodes, factors | {"apart": np.array(shape), "together": np.array([1, C, H, W])}


FORMS = {
    "Keras": keras(),
    "five axes": channels_first([1, G, D, H, W], [2, 3, 4]),
    "four axes": channels_first([1, G, D, H * W], [2, 3]),
    "three axes": channels_first([1, G, D * H * W], [2]),
}


@pytest.mark.parametrize("form", FORMS)
def test_channels_stay_one_axis(form: str, tmp_path: Path) -> None:
    nodes, constants = FORMS[form]
    layers = [node("Conv", "x w", "c"), *nodes, node("Conv", "k u", "y")]
    weights = {"w": normal(C, 4, 1, 1), "u": normal(3, C, 1, 1), "epsilon": np.float32([1e-3])}
    model = float_model(layers, [1, 4, H, W], weights | constants, opset=13)
    check_quantized(model, normal(4, 4, H, W, seed=9, scale=1.0), tmp_path)
