"""Nodes that contradict themselves are named with what is wrong; constants are computed at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx_builder import Net, Scale
from test_frontend_oracle import agree

from msfcnn.errors import ModelError
from msfcnn.frontend.onnx import load_model

Maker = Callable[[Net, str], str]
LARGE = 2**20


def ints(net: Net, *values: int) -> str:
    return net.const(np.array(values, np.int64))


def cut(net: Net, x: str, starts: list[int], ends: list[int], steps: list[int]) -> str:
    """A Slice of rows and columns."""
    lists = [ints(net, *values) for values in (starts, ends, [2, 3], steps)]
    return net.node("Slice", x, *lists, name="bad")


# what is done to an input [1, 4, 6, 6] by a node called "bad", and what is said of it
WRONG: dict[str, tuple[Maker, str]] = {
    "slice of two starts and one end": (
        lambda n, x: cut(n, x, [0, 0], [4], [1, 1]),
        "starts [0, 0], ends [4] and steps [1, 1] do not fit",
    ),
    "slice that stands still": (lambda n, x: cut(n, x, [0, 0], [4, 4], [0, 1]), "do not fit"),
    "gather beyond the end": (
        lambda n, x: n.node("Gather", x, ints(n, 1, 4), axis=1, name="bad"),
        "an index is out of range",
    ),
    "gather before the beginning": (
        lambda n, x: n.node("Gather", x, ints(n, -7), axis=2, name="bad"),
        "an index is out of range",
    ),
    "gather of gigabytes": (
        lambda n, x: n.node("Gather", x, ints(n, *[0] * LARGE), axis=2, name="bad"),
        "its output would have the shape",
    ),
    "places beyond the end": (
        lambda n, x: n.node("GatherND", x, n.const(np.int64([[0, 4]])), name="bad"),
        "its indices do not fit",
    ),
    "places of more axes than there are": (
        lambda n, x: n.node("GatherND", x, n.const(np.int64([[0] * 5])), name="bad"),
        "its indices do not fit",
    ),
    "indices of other axes": (
        lambda n, x: n.node("GatherElements", x, ints(n, 0, 1), axis=2, name="bad"),
        "its indices do not fit",
    ),
    "expand that does not fit": (
        lambda n, x: n.node("Expand", x, ints(n, 1, 3, 6, 6), name="bad"),
        "cannot expand [1, 4, 6, 6] to [1, 3, 6, 6]",
    ),
    "expand to gigabytes": (
        lambda n, x: n.node("Expand", n.node("GlobalAveragePool", x),
                            ints(n, 1, 4, LARGE, LARGE), name="bad"),
        "its output would have the shape",
    ),
    "tile by too few repeats": (
        lambda n, x: n.node("Tile", x, ints(n, 1, 2), name="bad"),
        "its repeats [1, 2] do not fit [1, 4, 6, 6]",
    ),
    "tile to nothing": (
        lambda n, x: n.node("Tile", x, ints(n, 1, 1, 0, 1), name="bad"),
        "its repeats [1, 1, 0, 1] do not fit",
    ),
    "tile to gigabytes": (
        lambda n, x: n.node("Tile", x, ints(n, 1, 1, LARGE, 1), name="bad"),
        "its output would have the shape",
    ),
    "blocks that do not fit": (
        lambda n, x: n.node("SpaceToDepth", x, blocksize=4, name="bad"),
        "its block size 4 does not fit [1, 4, 6, 6]",
    ),
    "a power per channel": (
        lambda n, x: n.node("Pow", x, n.const(np.ones((1, 4, 1, 1))), name="bad"),
        "its exponent is no single number",
    ),
    "two maps compared": (
        lambda n, x: n.node("Where", n.node("Greater", x, n.conv(x, (4, 4, 1, 1))), x, x,
                            name="bad"),
        "",
    ),
    "maps of different sizes": (
        lambda n, x: n.node("Sub", x, n.conv(x, (3, 4, 1, 1)), name="bad"),
        "combines activations of the shapes [1, 4, 6, 6] and [1, 3, 6, 6]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_contradiction_is_named(case: str, tmp_path: Path) -> None:
    make, what = WRONG[case]
    net = Net((1, 4, 6, 6))
    net.output(net.qdq(make(net, net.input), Scale()), shape=[None] * 4)
    with pytest.raises(ModelError) as caught:
        load_model(net.save(tmp_path / "net.onnx"))
    said = [problem for problem in caught.value.problems if what in problem.what]
    assert said, [problem.what for problem in caught.value.problems]
    assert any(problem.hint for problem in said)
    assert all(len(problem.what) < 200 for problem in said)


# what becomes of a constant [1, 4, 6, 6] before it is added to the input
CONSTANTS: dict[str, tuple[tuple[int, ...], Maker]] = {
    "a part": (
        (1, 4, 8, 9),
        lambda n, c: n.node("Slice", c, ints(n, 1, 2), ints(n, 7, 8), ints(n, 2, 3)),
    ),
    "backwards": (
        (1, 4, 6, 6),
        lambda n, c: n.node("Slice", c, ints(n, -1), ints(n, -7), ints(n, 2), ints(n, -1)),
    ),
    "some channels": (
        (1, 9, 6, 6),
        lambda n, c: n.node("Gather", c, ints(n, 0, 3, -1, 3), axis=1),
    ),
    "one of several": (
        (2, 4, 6, 6),
        lambda n, c: n.node("Gather", c, ints(n, 1), axis=0),
    ),
    "expanded": ((1, 4, 1, 1), lambda n, c: n.node("Expand", c, ints(n, 1, 4, 6, 6))),
    "tiled": ((1, 2, 3, 6), lambda n, c: n.node("Tile", c, ints(n, 1, 2, 2, 1))),
    "transposed": ((1, 6, 6, 4), lambda n, c: n.node("Transpose", c, perm=[0, 3, 1, 2])),
    "reshaped": ((4, 36), lambda n, c: n.node("Reshape", c, ints(n, 1, 4, 6, 6))),
}  # fmt: skip


@pytest.mark.parametrize("case", CONSTANTS)
def test_a_constant_is_computed_at_once(case: str, tmp_path: Path) -> None:
    shape, make = CONSTANTS[case]
    rng = np.random.default_rng(2)
    net = Net((1, 4, 6, 6))
    scale = Scale(1 / 64, 3)
    stored = net.const(rng.integers(-128, 128, shape).astype(np.int8))
    moved = make(net, net.dequantize(stored, scale))
    net.output(net.qdq(net.node("Add", net.input, moved), Scale(1 / 16, 0)))
    model = agree(net, tmp_path)
    assert {op.node for op in model.ops} == {"Add_0"}  # the constant's own nodes are gone


# --- parts of activations that amount to something simple ---

SPLITS: dict[str, Maker] = {
    "equal parts": lambda n, x: split(n, x, 1, None, 2),
    "listed parts": lambda n, x: split(n, x, 1, (1, 3), 2),
    "parts of rows": lambda n, x: split(n, x, 2, (2, 4), 2),
    "a last part that is smaller": lambda n, x: split(n, x, 3, (4, 2), 2),
}


def split(net: Net, x: str, axis: int, sizes: tuple[int, ...] | None, parts: int) -> str:
    """Convolutions of the parts of a Split, joined again along its axis."""
    names = [f"part{i}" for i in range(parts)]
    sizes_input = () if sizes is None else (ints(net, *sizes),)
    net.nodes.append(onnx.helper.make_node("Split", [x, *sizes_input], names, axis=axis))
    for name in names:
        net.scales[name] = net.scales[x]
    return net.qdq(net.node("Concat", *reversed(names), axis=axis), like=x)


@pytest.mark.parametrize("case", SPLITS)
def test_parts_that_change_places(case: str, tmp_path: Path) -> None:
    net = Net((1, 4, 6, 6))
    net.output(SPLITS[case](net, net.input))
    agree(net, tmp_path)
