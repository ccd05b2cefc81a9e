"""Functions of one value, products and differences: ONNX nodes against onnxruntime."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_builder import Net, Scale
from test_frontend_oracle import agree

from msfcnn.errors import ModelError
from msfcnn.frontend import load_model
from msfcnn.ir import Model

UNIT = Scale(1 / 256, -128)
AROUND = Scale(1 / 20, 7)
KINDS: dict[str, tuple[dict[str, Any], int, Scale]] = {  # attributes, opset, output
    "Abs": ({}, 17, Scale(1 / 32, -128)),
    "Atan": ({}, 17, Scale(1 / 80, 0)),
    "Ceil": ({}, 17, AROUND),
    "Celu": ({"alpha": 0.7}, 17, AROUND),
    "Cos": ({}, 17, Scale(1 / 127, 0)),
    "Elu": ({"alpha": 1.3}, 17, AROUND),
    "Erf": ({}, 17, Scale(1 / 127, 0)),
    "Exp": ({}, 17, Scale(1 / 3, -128)),
    "Floor": ({}, 17, AROUND),
    "Gelu": ({}, 20, AROUND),
    "HardSigmoid": ({}, 17, UNIT),
    "HardSwish": ({}, 17, AROUND),
    "LeakyRelu": ({"alpha": 0.2}, 17, AROUND),
    "Mish": ({}, 18, AROUND),
    "Neg": ({}, 17, AROUND),
    "Round": ({}, 17, AROUND),
    "Selu": ({}, 17, AROUND),
    "Shrink": ({"lambd": 0.8, "bias": 0.3}, 17, AROUND),
    "Sigmoid": ({}, 17, UNIT),
    "Sign": ({}, 17, Scale(1 / 100, 0)),
    "Sin": ({}, 17, Scale(1 / 127, 0)),
    "Swish": ({"alpha": 1.2}, 24, AROUND),
    "Softplus": ({}, 17, AROUND),
    "Softsign": ({}, 17, Scale(1 / 127, 0)),
    "Tanh": ({}, 17, Scale(1 / 127, 0)),
    "ThresholdedRelu": ({"alpha": 0.5}, 17, AROUND),
}


def kinds(model: Model) -> list[str]:
    return [type(op).__name__ for op in model.ops]


@pytest.mark.parametrize("kind", KINDS)
def test_a_function_is_a_table(kind: str, tmp_path: Path) -> None:
    attributes, opset, scale = KINDS[kind]
    net = Net((1, 3, 5, 6), first=Scale(1 / 25, 9), opset=opset)
    net.output(net.qdq(net.node(kind, net.input, **attributes), scale))
    assert kinds(agree(net, tmp_path)) == ["Lookup"]


def test_prelu_with_one_slope(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 6))
    slope = net.const(np.full((3, 1, 1), 0.3, np.float32))
    net.output(net.qdq(net.node("PRelu", net.input, slope), AROUND))
    assert kinds(agree(net, tmp_path)) == ["Lookup"]


def test_silu_is_one_table(tmp_path: Path) -> None:
    net = Net((1, 4, 5, 6))
    gate = net.qdq(net.node("Sigmoid", net.input), UNIT)
    net.output(net.qdq(net.node("Mul", net.input, gate), AROUND))
    assert kinds(agree(net, tmp_path)) == ["Lookup"]


def test_a_hard_swish_spelled_out_is_one_table(tmp_path: Path) -> None:
    net = Net((1, 4, 5, 6), first=Scale(1 / 20, 5))
    three, six = net.const(np.float32(3)), net.const(np.float32(6))
    x = net.qdq(net.node("Add", net.input, three), Scale(1 / 20, -60))
    x = net.qdq(net.node("Clip", x, net.const(np.float32(0)), six), Scale(6 / 255, -128))
    x = net.qdq(net.node("Mul", net.input, x), Scale(1 / 4, -100))
    net.output(net.qdq(net.node("Div", x, six), AROUND))
    assert kinds(agree(net, tmp_path)) == ["Lookup"]


def test_a_gelu_spelled_out_is_one_table(tmp_path: Path) -> None:
    net = Net((1, 4, 5, 6))
    x = net.qdq(net.node("Div", net.input, net.const(np.float32(math.sqrt(2)))), Scale(1 / 40, 0))
    x = net.qdq(net.node("Erf", x), Scale(1 / 127, 0))
    x = net.qdq(net.node("Add", x, net.const(np.float32(1))), Scale(2 / 255, -128))
    x = net.qdq(net.node("Mul", net.input, x), Scale(1 / 12, -100))
    net.output(net.qdq(net.node("Mul", x, net.const(np.float32(0.5))), AROUND))
    assert kinds(agree(net, tmp_path)) == ["Lookup"]


def test_functions_of_real_numbers_between_are_composed(tmp_path: Path) -> None:
    net = Net((1, 4, 5, 6))
    x = net.node("Tanh", net.node("Sigmoid", net.input))
    net.output(net.qdq(x, UNIT))
    assert kinds(agree(net, tmp_path)) == ["Lookup"]


@pytest.mark.parametrize("kind", ["Mul", "Sub"])
def test_two_maps(kind: str, tmp_path: Path) -> None:
    net = Net((1, 4, 6, 6))
    left = net.conv(net.input, (5, 4, 3, 3), pads=[1, 1, 1, 1])
    right = net.conv(net.input, (5, 4, 1, 1))
    net.output(net.qdq(net.node(kind, left, right), Scale(1 / 8, 10)))
    assert kinds(agree(net, tmp_path)) == ["Conv", "Conv", kind]


@pytest.mark.parametrize("swapped", [False, True])
def test_a_gate(swapped: bool, tmp_path: Path) -> None:
    """Squeeze and excitation, as exporters write it."""
    net = Net((1, 4, 6, 6))
    x = net.conv(net.input, (8, 4, 3, 3), pads=[1, 1, 1, 1])
    y = net.qdq(net.node("GlobalAveragePool", x), like=x)
    y = net.conv(net.conv(y, (4, 8, 1, 1)), (8, 4, 1, 1))
    y = net.qdq(net.node("HardSigmoid", y), UNIT)
    inputs = (y, x) if swapped else (x, y)
    net.output(net.qdq(net.node("Mul", *inputs), Scale(1 / 64, 3)))
    model = agree(net, tmp_path)
    assert kinds(model)[-2:] == ["Lookup", "Mul"]
    assert model.tensors[model.ops[-1].inputs[1]].shape == (1, 1, 8)


@pytest.mark.parametrize("kind", ["Mul", "Div"])
def test_a_factor_per_channel(kind: str, tmp_path: Path) -> None:
    net = Net((1, 3, 5, 6))
    factors = net.const(np.float32([0.5, -2, 1.5]).reshape(1, 3, 1, 1))
    net.output(net.qdq(net.node(kind, net.input, factors), AROUND))
    assert kinds(agree(net, tmp_path)) == ["Conv"]


@pytest.mark.parametrize(("kind", "first"), [("Sub", True), ("Sub", False), ("Div", True)])
def test_a_number_on_either_side(kind: str, first: bool, tmp_path: Path) -> None:
    net = Net((1, 3, 5, 6), first=Scale(1 / 50, -128))
    x = net.qdq(net.node("Add", net.input, net.const(np.float32(0.5))), Scale(1 / 45, -128))
    number = net.const(np.float32(1.25))
    inputs = (number, x) if first else (x, number)
    net.output(net.qdq(net.node(kind, *inputs), Scale(1 / 40, 0)))
    assert kinds(agree(net, tmp_path)) == ["Lookup"]


def test_a_last_sigmoid_needs_no_quantization(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 6))
    net.output(net.node("Sigmoid", net.conv(net.input, (2, 3, 3, 3))))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv", "Lookup"]
    assert model.outputs[0].dtype == "float32"


@pytest.mark.parametrize("kinds", [("Reciprocal",), ("Sqrt", "Reciprocal"), ("Log",)])
def test_infinite_results_are_as_large_as_can_be(kinds: tuple[str, ...], tmp_path: Path) -> None:
    net = Net((1, 3, 5, 6), first=Scale(1 / 50, -128))
    y = net.input
    for kind in kinds:
        y = net.node(kind, y)
    net.output(net.qdq(y, AROUND))
    agree(net, tmp_path)


def test_results_that_do_not_exist_are_refused(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 6))
    net.output(net.qdq(net.node("Log", net.input), AROUND))
    with pytest.raises(ModelError, match="no result for some values"):
        load_model(net.save(tmp_path / "net.onnx"))


def test_a_softplus_with_a_condition_is_one_table(tmp_path: Path) -> None:
    """As torch writes it: beyond a threshold the function is its input."""
    net = Net((1, 4, 5, 6))
    large = net.node("Greater", net.input, net.const(np.float32(1)))
    x = net.qdq(net.node("Exp", net.input), Scale(1 / 3, -128))
    x = net.qdq(net.node("Add", x, net.const(np.float32(1))), Scale(1 / 3, -128))
    x = net.qdq(net.node("Log", x), AROUND)
    net.output(net.qdq(net.node("Where", large, net.input, x), AROUND))
    assert kinds(agree(net, tmp_path)) == ["Lookup"]


@pytest.mark.parametrize("kind", ["Max", "Min"])
def test_a_bound_and_a_larger_function(kind: str, tmp_path: Path) -> None:
    net = Net((1, 4, 5, 6))
    x = net.qdq(net.node("Tanh", net.input), Scale(1 / 127, 0))
    y = net.node(kind, net.input, x, net.const(np.float32(0.3)))
    net.output(net.qdq(y, AROUND))
    assert kinds(agree(net, tmp_path)) == ["Lookup"]


@pytest.mark.parametrize("kind", ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"])
def test_a_comparison_chooses(kind: str, tmp_path: Path) -> None:
    net = Net((1, 4, 5, 6))
    chosen = net.node(kind, net.input, net.const(np.float32(0.5)))
    half = net.node("Mul", net.input, net.const(np.float32(0.5)))
    net.output(net.qdq(net.node("Where", chosen, net.const(np.float32(1)), half), AROUND))
    assert kinds(agree(net, tmp_path)) == ["Lookup"]


@pytest.mark.parametrize("kind", ["And", "Or"])
def test_two_comparisons_choose(kind: str, tmp_path: Path) -> None:
    net = Net((1, 4, 5, 6))
    above = net.node("Greater", net.input, net.const(np.float32(-0.4)))
    below = net.node("Less", net.input, net.const(np.float32(0.8)))
    both = net.node(kind, above, below)
    net.output(net.qdq(net.node("Where", both, net.input, net.const(np.float32(2))), AROUND))
    assert kinds(agree(net, tmp_path)) == ["Lookup"]


# functions that are real numbers, and finite, where their input is at least 0
UPWARDS: dict[str, tuple[float, ...]] = {"Sqrt": (), "Pow": (1.5,), "Reciprocal": ()}


@pytest.mark.parametrize("kind", UPWARDS)
def test_a_function_of_what_is_not_negative(kind: str, tmp_path: Path) -> None:
    net = Net((1, 4, 5, 6))
    x = net.node("Add", net.node("Abs", net.input), net.const(np.float32(0.25)))
    exponents = [net.const(np.float32(e)) for e in UPWARDS[kind]]
    net.output(net.qdq(net.node(kind, x, *exponents), AROUND))
    assert kinds(agree(net, tmp_path)) == ["Lookup"]


@pytest.mark.parametrize("kind", ["Gelu", "QuickGelu"])
def test_a_function_of_onnxruntime_is_a_table(kind: str, tmp_path: Path) -> None:
    net = Net((1, 3, 5, 6))
    y = net.node(kind, net.input, domain="com.microsoft")
    net.output(net.qdq(y, AROUND), shape=(1, 3, 5, 6))  # onnx infers no shape behind it
    assert kinds(agree(net, tmp_path)) == ["Lookup"]


@pytest.mark.parametrize("kind", ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"])
@pytest.mark.parametrize(("scale", "limit"), [(0.1, 0.3), (0.07, 0.49)])
def test_a_limit_that_a_stored_value_meets(
    kind: str, scale: float, limit: float, tmp_path: Path
) -> None:
    net = Net((1, 3, 16, 16), first=Scale(scale, 0))
    x = net.node(kind, net.input, net.const(np.float32(limit)))
    x = net.node("Where", x, net.const(np.float32(-limit)), net.input)
    net.output(net.qdq(x, Scale(scale, 0)))
    assert kinds(agree(net, tmp_path)) == ["Lookup"]


@pytest.mark.parametrize("scale", [0.1, 0.07])
@pytest.mark.parametrize(
    ("kind", "limit"), [("ThresholdedRelu", {"alpha": 3}), ("Shrink", {"lambd": 7, "bias": 0})]
)
def test_a_bend_that_a_stored_value_meets(
    kind: str, limit: dict[str, int], scale: float, tmp_path: Path
) -> None:
    net = Net((1, 3, 16, 16), first=Scale(scale, 0))
    bends = {name: steps * np.float32(scale) for name, steps in limit.items()}
    net.output(net.qdq(net.node(kind, net.input, **bends), Scale(scale, 0)))
    assert kinds(agree(net, tmp_path)) == ["Lookup"]
