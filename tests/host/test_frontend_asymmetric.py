"""Weights with a zero point, uint8 and int8, per tensor and per channel: exact in every layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import helper
from onnx_builder import Net, Scale
from test_frontend_oracle import agree

import msfcnn
from msfcnn.frontend.onnx import load_model
from msfcnn.ops import Conv

Layer = Callable[[Net, str, str], str]
OUT = Scale(1 / 2, 3)


def convolution(groups: int) -> Layer:
    return lambda net, x, w: net.node("Conv", x, w, group=groups, pads=[1, 1, 1, 1])


def transposed(net: Net, x: str, w: str) -> str:
    return net.node("ConvTranspose", x, w, strides=[2, 2], group=2)


def dense(turned: bool) -> Layer:
    return lambda net, x, w: net.node("Gemm", net.node("Flatten", x), w, transB=int(turned))


def product(net: Net, x: str, w: str) -> str:
    return net.node("MatMul", net.node("Flatten", x), w)


# weights, axis of the output channels, the layer on [1, 4, 5, 5]
LAYERS: dict[str, tuple[tuple[int, ...], int, Layer]] = {
    "conv": ((6, 4, 3, 3), 0, convolution(1)),
    "grouped": ((6, 2, 3, 3), 0, convolution(2)),
    "depthwise": ((4, 1, 3, 3), 0, convolution(4)),
    "multiplier": ((8, 1, 3, 3), 0, convolution(4)),
    "transposed": ((4, 3, 2, 2), 1, transposed),
    "gemm": ((5, 100), 0, dense(True)),
    "gemm not transposed": ((100, 5), 1, dense(False)),
    "matmul": ((100, 5), 1, product),
}
ZEROS = {"uint8": (128, 120, 3, 255), "int8": (0, 5, -128, 127)}


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
@pytest.mark.parametrize("case", LAYERS)
def test_any_zero_point_per_channel_and_per_tensor(case: str, dtype: str, tmp_path: Path) -> None:
    shape, axis, layer = LAYERS[case]
    per_channel = case not in ("transposed",)  # two groups share the channels of one axis
    for zeros in (ZEROS[dtype], *((zero,) for zero in ZEROS[dtype])):
        if len(zeros) > 1 and not per_channel:
            continue
        net = Net((1, 4, 5, 5))
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        stored = net.rng.integers(low, high + 1, shape).astype(dtype)
        count = shape[axis] if len(zeros) > 1 else 1
        zero = np.resize(np.array(zeros, dtype), count)
        scale = net.rng.uniform(0.004, 0.008, count).astype(np.float32)
        if count == 1:
            zero, scale = zero[0], scale[0]
        attributes = {"axis": axis} if count > 1 else {}
        w = net.node(
            "DequantizeLinear",
            *(net.const(stored), net.const(scale), net.const(zero)),
            **attributes,
        )
        net.output(net.qdq(layer(net, net.input, w), OUT))
        agree(net, tmp_path)


def test_weights_that_fit_cost_nothing(tmp_path: Path) -> None:
    net = Net((1, 3, 6, 6))
    net.output(net.conv(net.input, (4, 3, 3, 3), weight={"zero": 100, "gain": 0.1, "axis": None}))
    (op,) = agree(net, tmp_path).ops
    assert isinstance(op, Conv)
    assert op.weights.shape == (4, 3, 3, 3)


def test_only_channels_with_large_weights_are_doubled(tmp_path: Path) -> None:
    net = Net((1, 3, 6, 6))
    stored = np.full((4, 3, 1, 1), 100, np.uint8)
    stored[2, 1] = 255
    w = net.node(
        "DequantizeLinear", net.const(stored), net.const(np.float32(0.01)), net.const(np.uint8(20))
    )
    net.output(net.qdq(net.node("Conv", net.input, w), OUT))
    model = agree(net, tmp_path)
    (conv,) = [op for op in model.ops if isinstance(op, Conv)]
    assert conv.weights.shape == (4, 1, 1, 4)
    assert conv.weights[2, 0, 0].tolist() == [80, 127, 80, 108]


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
def test_operator_format(dtype: str, tmp_path: Path) -> None:
    """QLinearConv with a zero point for each channel; the C code is exact, too."""
    net = Net((1, 3, 7, 7), border=dtype)
    q, scale = "x", net.scales[net.input]
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    weights = net.rng.integers(low, high + 1, (4, 3, 3, 3)).astype(dtype)
    parameters = (net.const(np.float32(scale.scale)), net.const(np.array(scale.zero, dtype)))
    inputs = [
        *(q, *parameters, net.const(weights)),
        net.const(net.rng.uniform(0.004, 0.01, 4).astype(np.float32)),
        net.const(net.rng.integers(low, high + 1, 4).astype(dtype)),
        *(net.const(np.float32(0.5)), net.const(np.array(low + 120, dtype))),
        net.const(net.rng.integers(-900, 900, 4).astype(np.int32)),
    ]
    net.nodes = [helper.make_node("QLinearConv", inputs, ["y"], name="q", pads=[1, 1, 1, 1])]
    path = net.output("y", dtype).save(tmp_path / "net.onnx")
    assert len(load_model(path).outputs) == 1
    found = msfcnn.verify(path)
    assert found.first_mismatch is None
    assert found.outputs_lsb <= 1
