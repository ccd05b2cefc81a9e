"""Sizes that a network computes of its own shapes, as exporters write them for an open batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx_builder import Net
from test_frontend_oracle import agree

from msfcnn.errors import ModelError
from msfcnn.frontend import load_model

NEAREST = {
    "mode": "nearest",
    "nearest_mode": "floor",
    "coordinate_transformation_mode": "asymmetric",
}


def sizes_like(net: Net, channels_of: str, pixels_of: str) -> str:
    """[batch and channels of one map, height and width of another], as PyTorch computes it."""
    first = net.node("Shape", channels_of)
    last = net.node("Shape", pixels_of)
    zero, two, four = (net.const(np.array([n])) for n in (0, 2, 4))
    head = net.node("Slice", first, zero, two)
    tail = net.node("Slice", last, two, four)
    return net.node("Concat", head, net.node("Cast", tail, to=7), axis=0)


def resized(net: Net) -> Net:
    large = net.conv(net.input, (4, 3, 3, 3), pads=[1, 1, 1, 1])
    small = net.conv(large, (6, 4, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1])
    sizes = sizes_like(net, small, large)
    up = net.qdq(net.node("Resize", small, "", "", sizes, **NEAREST), like=small)
    return net.output(net.conv(net.qdq(net.node("Concat", up, large, axis=1)), (2, 10, 1, 1)))


@pytest.mark.parametrize("batch", ["batch", 1])
def test_a_map_resized_to_another(batch: str | int, tmp_path: Path) -> None:
    agree(resized(Net((batch, 3, 8, 8))), tmp_path)


def test_a_view_by_numbers_of_a_shape(tmp_path: Path) -> None:
    net = Net(("n", 3, 4, 4))
    x = net.conv(net.input, (5, 3, 1, 1))
    count = net.node("Gather", net.node("Shape", x), net.const(np.array([1])))
    halves = net.node(
        "Div", net.node("Mul", count, net.const(np.array([16]))), net.const(np.array([2]))
    )
    one, two = net.const(np.array([1])), net.const(np.array([2]))
    x = net.node("Reshape", x, net.node("Concat", one, halves, two, axis=0))
    net.output(net.gemm(net.node("Flatten", x), 80, 3))
    agree(net, tmp_path)


def test_sizes_of_the_values_of_an_image_are_refused(tmp_path: Path) -> None:
    net = Net((1, 3, 4, 4))
    length = net.node("Cast", net.node("ReduceMax", net.input, keepdims=0), to=7)
    target = net.node("Unsqueeze", length, net.const(np.array([0])))
    net.output(net.qdq(net.node("Reshape", net.input, target)))
    with pytest.raises(ModelError):
        load_model(net.save(tmp_path / "net.onnx"))
