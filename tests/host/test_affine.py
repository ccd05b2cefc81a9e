"""Arithmetic with constants around layers: wherever it goes, the network computes the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import pytest
from float_models import batch_norm_constants, float_model, node, normal, run
from numpy.typing import NDArray

from msfcnn.quantizer.prepare import prepare

SEEDS = range(40)
ARITHMETIC = frozenset({"Mul", "Add", "Sub", "Div", "BatchNormalization"})


@dataclass
class Drawn:
    """A random network under construction; `x` is its input, [1, 4, 6, 6]."""

    seed: int
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    value: str = "x"
    shape: tuple[int, ...] = (1, 4, 6, 6)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def const(self, *shape: int) -> str:
        """A constant without a value near zero, as divisors must be."""
        name = f"c{len(self.constants)}"
        sign = self.rng.choice([-1.0, 1.0], shape)
        self.constants[name] = (sign * self.rng.uniform(0.3, 1.5, shape)).astype(np.float32)
        return name

    def append(self, kind: str, inputs: str, shape: tuple[int, ...], **attributes: object) -> None:
        output = f"v{len(self.nodes)}"
        self.nodes.append(node(kind, inputs, output, **attributes))
        self.value, self.shape = output, shape

    @property
    def channels(self) -> int:
        return self.shape[1]


def arithmetic(drawn: Drawn) -> None:
    """One operator with a constant in one of the shapes that broadcasting allows."""
    rng, rank, channels = drawn.rng, len(drawn.shape), drawn.channels
    kind = str(rng.choice(["Mul", "Add", "Sub", "Div"]))
    shapes: list[tuple[int, ...]] = [(), (1,), (1, channels, *[1] * (rank - 2))]
    shapes += [(channels, *[1] * (rank - 2))]
    shape = shapes[rng.integers(len(shapes))]
    constant = drawn.const(*shape)
    first = kind != "Div" and rng.random() < 0.4
    operands = f"{constant} {drawn.value}" if first else f"{drawn.value} {constant}"
    drawn.append(kind, operands, drawn.shape)


def batch_norm(drawn: Drawn) -> None:
    prefix = f"b{len(drawn.nodes)}"
    drawn.constants.update(batch_norm_constants(drawn.channels, prefix))
    names = " ".join(f"{prefix}{part}" for part in ("gamma", "beta", "mean", "var"))
    drawn.append("BatchNormalization", f"{drawn.value} {names}", drawn.shape, epsilon=1e-3)


def conv(drawn: Drawn) -> None:
    """A convolution, padded or not, grouped or not, with a bias or without."""
    rng, channels = drawn.rng, drawn.channels
    if len(drawn.shape) != 4:
        return
    groups = int(rng.choice([1, 2, channels])) if channels % 2 == 0 else 1
    outputs = channels if groups == channels else 4
    padded = bool(rng.random() < 0.5) or drawn.shape[2] < 3
    weights = drawn.const(outputs, channels // groups, 3, 3)
    bias = f" {drawn.const(outputs)}" if rng.random() < 0.5 else ""
    height, width = (n if padded else n - 2 for n in drawn.shape[2:])
    pads = [1, 1, 1, 1] if padded else [0, 0, 0, 0]
    shape = (1, outputs, height, width)
    drawn.append("Conv", f"{drawn.value} {weights}{bias}", shape, group=groups, pads=pads)


def transposed(drawn: Drawn) -> None:
    if len(drawn.shape) != 4 or drawn.shape[2] > 8 or drawn.channels % 2:
        return
    groups = int(drawn.rng.choice([1, 2]))
    weights = drawn.const(drawn.channels, 4 // groups, 2, 2)
    shape = (1, 4, 2 * drawn.shape[2], 2 * drawn.shape[3])
    attributes = {"strides": [2, 2], "group": groups}
    drawn.append("ConvTranspose", f"{drawn.value} {weights}", shape, **attributes)


def dense(drawn: Drawn) -> None:
    """A dense layer in any form of Gemm."""
    rng = drawn.rng
    if len(drawn.shape) != 2:
        drawn.append("GlobalAveragePool", drawn.value, (*drawn.shape[:2], 1, 1))
        drawn.append("Flatten", drawn.value, drawn.shape[:2])
    inputs, outputs, turned = drawn.channels, 6, int(rng.integers(2))
    weights = drawn.const(*((outputs, inputs) if turned else (inputs, outputs)))
    bias = f" {drawn.const(outputs)}" if rng.random() < 0.6 else ""
    factors = {}
    if rng.random() < 0.4:
        factors = {"alpha": float(rng.uniform(0.5, 2)), "beta": float(rng.uniform(0.5, 2))}
    operands = f"{drawn.value} {weights}{bias}"
    drawn.append("Gemm", operands, (1, outputs), transB=turned, **factors)


def relu(drawn: Drawn) -> None:
    drawn.append("Relu", drawn.value, drawn.shape)


STEPS: tuple[Callable[[Drawn], None], ...] = (arithmetic, batch_norm, conv, transposed, relu)


def network(seed: int) -> onnx.ModelProto:
    """Layers and arithmetic in random order, perhaps with a dense layer behind them.

    A value in the middle is sometimes an output, too: then nothing may be folded across it.
    """
    drawn = Drawn(seed)
    outputs = []
    for _ in range(drawn.rng.integers(3, 8)):
        chosen = drawn.rng.choice(len(STEPS), p=[0.4, 0.15, 0.25, 0.1, 0.1])
        STEPS[chosen](drawn)
        if drawn.value != "x" and drawn.rng.random() < 0.15:
            outputs.append(drawn.value)
    if drawn.rng.random() < 0.5:
        dense(drawn)
        arithmetic(drawn)
    if drawn.value == "x":
        relu(drawn)
    names = tuple(dict.fromkeys([*outputs, drawn.value]))
    return float_model(drawn.nodes, [1, 4, 6, 6], drawn.constants, outputs=names)


def prepared(model: onnx.ModelProto, directory: Path) -> onnx.ModelProto:
    path = directory / "given.onnx"
    onnx.save(model, path)
    return prepare(path, directory, images=None).model


def assert_same(model: onnx.ModelProto, ready: onnx.ModelProto) -> None:
    batch = normal(3, 4, 6, 6, seed=9, scale=1.0)
    for theirs, ours in zip(run(model, batch), run(ready, batch), strict=True):
        size = max(1.0, float(np.abs(theirs).max()))
        np.testing.assert_allclose(ours / size, theirs / size, atol=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_network_computes_the_same(seed: int, tmp_path: Path) -> None:
    model = network(seed)
    assert_same(model, prepared(model, tmp_path))


def test_the_random_networks_are_of_every_kind() -> None:
    kinds = [n.op_type for seed in SEEDS for n in network(seed).graph.node]
    for kind in (*ARITHMETIC, "Conv", "ConvTranspose", "Gemm", "Relu"):
        assert kinds.count(kind) >= 5, kind


@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 1.0), (0.5, 1.0), (1.0, 0.5), (2.0, 0.25)])
@pytest.mark.parametrize("before", [False, True])
def test_factors_of_gemm_count(alpha: float, beta: float, before: bool, tmp_path: Path) -> None:
    """alpha and beta multiply products and bias; what is folded into them is multiplied, too."""
    gemm = node("Gemm", ("s" if before else "f") + " w b", "g", alpha=alpha, beta=beta)
    scaled = [node("Mul", ("f" if before else "g") + " m", "t"), node("Add", "t a", "s")]
    nodes = [node("Flatten", "x", "f"), *([*scaled, gemm] if before else [gemm, *scaled])]
    count = 144 if before else 6
    constants = {
        "w": normal(144, 6, seed=1, scale=0.1),
        "b": normal(6, seed=2),
        "m": normal(1, count, seed=3) + 1,
        "a": normal(1, count, seed=4),
    }
    outputs = ("g",) if before else ("s",)
    model = float_model(nodes, [1, 4, 6, 6], constants, outputs=outputs)
    assert_same(model, prepared(model, tmp_path))


@pytest.mark.parametrize("kind", ["Conv", "Gemm"])
def test_arithmetic_behind_a_layer_costs_nothing(kind: str, tmp_path: Path) -> None:
    layer = {
        "Conv": [node("Conv", "x w", "c", pads=[1, 1, 1, 1])],
        "Gemm": [node("Flatten", "x", "f"), node("Gemm", "f w", "c")],
    }[kind]
    constants = {
        "w": normal(5, 4, 3, 3) if kind == "Conv" else normal(144, 5),
        "m": normal(*((5, 1, 1) if kind == "Conv" else (5,)), seed=3),
        "a": normal(1, seed=4),
    }
    nodes = [*layer, node("Mul", "c m", "t"), node("Sub", "a t", "y")]
    ready = prepared(float_model(nodes, [1, 4, 6, 6], constants), tmp_path)
    assert not ARITHMETIC & {n.op_type for n in ready.graph.node}


@pytest.mark.parametrize(
    "behind",
    [
        [node("Relu", "c", "plain"), node("Add", "scaled plain", "y")],
        [node("Conv", "scaled w", "y")],
    ],
    ids=["another reader", "shared weights"],
)
def test_what_others_read_stays_as_it_is(behind: list[onnx.NodeProto], tmp_path: Path) -> None:
    """The layer's output, or its weights, serve somebody else, too."""
    nodes = [node("Conv", "x w", "c"), node("Mul", "c m", "scaled"), *behind]
    constants = {"w": normal(4, 4, 1, 1), "m": normal(1, 4, 1, 1, seed=2)}
    model = float_model(nodes, [1, 4, 6, 6], constants)
    assert_same(model, prepared(model, tmp_path))
