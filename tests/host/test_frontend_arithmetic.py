"""Arithmetic of activations with everything that ONNX broadcasts to them, in either order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx_builder import Net, Scale
from test_frontend_oracle import agree

from msfcnn.frontend.onnx import load_model

Reals = NDArray[np.float32]
Operand = Callable[[Net, str], tuple[str, tuple[float, float]]]

SHAPE = (1, 4, 6, 5)
SOURCE = Scale(1 / 50, -11)  # of the input: about -2.3 to 2.8
LOW, HIGH = (SOURCE.scale * (q - SOURCE.zero) for q in (-128, 127))


def constant(*shape: int, low: float = 0.4, high: float = 1.6) -> Operand:
    """Numbers of both signs in a shape, none of them near zero."""

    def make(net: Net, _: str) -> tuple[str, tuple[float, float]]:
        values = net.rng.uniform(low, high, shape) * net.rng.choice([-1, 1], shape)
        return net.const(np.float32(values)), (-high, high)

    return make


def stored(*shape: int) -> Operand:
    """Int8 numbers behind a DequantizeLinear, as quantizers leave constants."""

    def make(net: Net, _: str) -> tuple[str, tuple[float, float]]:
        values = net.rng.integers(-128, 128, shape).astype(np.int8)
        return net.dequantize(net.const(values), Scale(1 / 70, 5)), (-1.9, 1.8)

    return make


def another_map(net: Net, x: str) -> tuple[str, tuple[float, float]]:
    scale = Scale(1 / 40, 9)
    return net.conv(x, (4, 4, 3, 3), scale=scale, pads=[1, 1, 1, 1]), (-3.5, 3.0)


def vector(net: Net, x: str) -> tuple[str, tuple[float, float]]:
    """A number per channel, computed from the map, as gates have it."""
    pooled = net.qdq(net.node("GlobalAveragePool", x), like=x)
    return net.conv(pooled, (4, 4, 1, 1), scale=Scale(1 / 60, -3)), (-2.1, 2.2)


def one_channel(net: Net, x: str) -> tuple[str, tuple[float, float]]:
    """A number per pixel, as spatial attention has it."""
    return net.conv(x, (1, 4, 1, 1), scale=Scale(1 / 40, 0)), (-3.2, 3.2)


def itself(_: Net, x: str) -> tuple[str, tuple[float, float]]:
    return x, (LOW, HIGH)


OPERANDS: dict[str, Operand] = {
    "number": constant(),
    "list of one": constant(1),
    "per channel": constant(1, 4, 1, 1),
    "per channel, aligned": constant(4, 1, 1),
    "per column": constant(5),
    "per row": constant(6, 1),
    "per pixel": constant(6, 5),
    "per element": constant(*SHAPE),
    "stored number": stored(),
    "stored per channel": stored(1, 4, 1, 1),
    "stored per element": stored(*SHAPE),
    "another map": another_map,
    "a vector of the map": vector,
    "one channel of the map": one_channel,
    "itself": itself,
}
BOUNDS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "Add": lambda v: v[0] + v[1],
    "Sub": lambda v: v[0] - v[1],
    "Mul": lambda v: v[0] * v[1],
    "Max": lambda v: np.maximum(v[0], v[1]),
    "Min": lambda v: np.minimum(v[0], v[1]),
}


def result_scale(kind: str, left: tuple[float, float], right: tuple[float, float]) -> Scale:
    """A quantization that holds what an operation makes of two ranges, with a little cut off."""
    corners = np.array([(a, b) for a in left for b in right]).T
    reached = BOUNDS[kind](corners) * 0.8
    low, high = min(0.0, float(reached.min())), max(0.0, float(reached.max()))
    scale = max(high - low, 0.5) / 255
    return Scale(scale, int(np.clip(round(-128 - low / scale), -128, 127)))


def network(kind: str, operand: str, swapped: bool, tail: str) -> Net:
    net = Net(SHAPE, first=SOURCE, seed=hash_of(kind, operand))
    other, bounds = OPERANDS[operand](net, net.input)
    pair = [(net.input, (LOW, HIGH)), (other, bounds)]
    (left, of_left), (right, of_right) = reversed(pair) if swapped else pair
    value = net.node(kind, left, right)
    scale = result_scale(kind, of_left, of_right)
    if tail == "Relu":
        value = net.node("Relu", value)
    net.output(net.qdq(value, scale))
    return net


def hash_of(*words: str) -> int:
    return sum(map(ord, "".join(words)))


@pytest.mark.parametrize("swapped", [False, True], ids=["", "swapped"])
@pytest.mark.parametrize(
    ("kind", "operand"),
    [
        (kind, operand)
        for kind in ("Add", "Sub", "Mul")
        for operand in OPERANDS
        if (kind, operand) != ("Sub", "itself")  # which is zero
    ],
)
def test_arithmetic(kind: str, operand: str, swapped: bool, tmp_path: Path) -> None:
    tail = "Relu" if hash_of(kind, operand) % 2 else ""
    agree(network(kind, operand, swapped, tail), tmp_path)


@pytest.mark.parametrize("operand", ["number", "list of one", "another map", "itself"])
@pytest.mark.parametrize("kind", ["Max", "Min"])
def test_the_larger_and_the_smaller_one(kind: str, operand: str, tmp_path: Path) -> None:
    agree(network(kind, operand, False, ""), tmp_path)


@pytest.mark.parametrize(
    "operand",
    [name for name, made in OPERANDS.items() if name.startswith(("number", "list", "per"))],
)
def test_division_by_constants(operand: str, tmp_path: Path) -> None:
    net = Net(SHAPE, first=SOURCE)
    divisor, _ = OPERANDS[operand](net, net.input)
    net.output(net.qdq(net.node("Div", net.input, divisor), Scale(1 / 22, 3)))
    agree(net, tmp_path)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_chains_of_numbers_are_one_table(count: int, tmp_path: Path) -> None:
    """Preprocessing inside the graph: shifts and factors one after another, nothing between."""
    net = Net(SHAPE, first=SOURCE)
    value = net.input
    for step in range(count):
        value = net.node(("Mul", "Add", "Sub")[step % 3], value, net.const(np.float32(1.3 - step)))
    net.output(net.qdq(value, Scale(1 / 20, 0)))
    model = agree(net, tmp_path)
    assert len(model.ops) == 1


@pytest.mark.parametrize("kind", ["Add", "Sub", "Mul"])
def test_an_activation_of_another_size_that_broadcasts_both(kind: str, tmp_path: Path) -> None:
    """[1, 4, 6, 1] and [1, 4, 1, 5]: neither has the shape of the result."""
    net = Net(SHAPE, first=SOURCE)
    rows = net.qdq(net.node("ReduceMean", net.input, axes=[3], keepdims=1), Scale(1 / 80, 0))
    columns = net.qdq(net.node("ReduceMean", net.input, axes=[2], keepdims=1), Scale(1 / 80, 0))
    net.output(net.qdq(net.node(kind, rows, columns), Scale(1 / 60, 0)))
    agree(net, tmp_path)


@pytest.mark.parametrize("kind", ["Add", "Sub", "Mul", "Div"])
@pytest.mark.parametrize("shape", [(1, 5, 1, 1), (5, 1, 1), (1, 5, 6, 5)])
def test_one_number_that_broadcasts_the_activation(
    kind: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    """The same everywhere, but for more channels than the map has."""
    net = Net(SHAPE, first=SOURCE)
    x = net.conv(net.input, (1, 4, 3, 3), pads=[1, 1, 1, 1])
    y = net.node(kind, x, net.const(np.full(shape, 0.7, np.float32)))
    net.output(net.qdq(y, Scale(1 / 10, 3)))
    assert agree(net, tmp_path).outputs[0].onnx_shape[1] == 5


@pytest.mark.parametrize("kind", ["Add", "Mul"])
def test_three_readers_of_one_map(kind: str, tmp_path: Path) -> None:
    net = Net(SHAPE, first=SOURCE)
    left = another_map(net, net.input)[0]
    middle = net.qdq(net.node(kind, left, net.input), Scale(1 / 20, 0))
    net.output(net.qdq(net.node("Sub", middle, net.input), Scale(1 / 16, 0)))
    model = agree(net, tmp_path, slack=2)
    assert len(load_model(tmp_path / "net.onnx").ops) == len(model.ops)
