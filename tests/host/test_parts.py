"""Where by a constant mask, values written into a box of others, and pools of flat volumes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from float_models import check_quantized, float_model, node, normal

C, H, W = 4, 6, 7
MASK = np.random.default_rng(0).random((1, C, H, W)) > 0.4
ROW = np.arange(W) % 3 > 0


def box(channels: int, rows: int, columns: int) -> np.ndarray:
    """Indices [channels, rows, columns, 4] of a box that begins at channel 1, row 2, column 0."""
    axes = np.meshgrid(
        [0],
        np.arange(1, 1 + channels),
        np.arange(2, 2 + rows),
        np.arange(columns),
        indexing="ij",
    )
    return np.stack(axes, axis=-1)


def at_the_front(perm: list[int], first: int) -> tuple[list[onnx.NodeProto], dict[str, Any]]:
    """Two channels or rows of one value written into another, one behind where they were.

    perm: brings that axis to the front, and back.
    """
    nodes = [
        node("Transpose", "c", "r", perm=perm),
        node("Transpose", "d", "q", perm=perm),
        node("Slice", "q from to axes", "s"),
        node("ScatterND", "r places s", "p"),
        node("Transpose", "p", "n", perm=perm),
    ]
    places = np.array([[first + 1], [first + 2]])
    ends = {"from": np.array([first]), "to": np.array([first + 2]), "axes": np.array([0])}
    return nodes, {**ends, "places": places}


INTO_CONSTANTS = [node("Slice", "c from to axes", "s"), node("ScatterND", "z places s", "n")]
PARTS: dict[str, tuple[list[onnx.NodeProto], dict[str, Any]]] = {
    "a number elsewhere": (
        [node("Where", "m c num", "n")],
        {"m": MASK, "num": np.array(0.5, np.float32)},
    ),
    "nothing elsewhere": (
        [node("Where", "m num c", "n")],
        {"m": ROW, "num": np.array(0, np.float32)},
    ),
    "of two values": ([node("Where", "m c d", "n")], {"m": MASK}),
    "into zeros": (
        INTO_CONSTANTS,
        {
            "from": np.array([0, 0]),
            "to": np.array([2, 3]),
            "axes": np.array([1, 2]),
            "z": np.zeros((1, C, H, W), np.float32),
            "places": box(2, 3, W),
        },
    ),
    "into another value": (
        [
            node("Slice", "d from to axes", "s"),
            node("ScatterND", "c places s", "n"),
        ],
        {
            "from": np.array([1, 3]),
            "to": np.array([2, 5]),
            "axes": np.array([1, 2]),
            "places": box(1, 2, W),
        },
    ),
    "into channels at the front": at_the_front([1, 0, 2, 3], 0),
    "into rows at the front": at_the_front([2, 1, 0, 3], 1),
    "into constants": (
        INTO_CONSTANTS,
        {
            "from": np.array([0]),
            "to": np.array([4]),
            "axes": np.array([2]),
            "z": normal(1, C, H, W, seed=5),
            "places": box(3, 4, W),
        },
    ),
    "a pool that skips channels": (
        [
            node("Unsqueeze", "c one", "u5"),
            node(
                "MaxPool",
                "u5",
                "p",
                kernel_shape=[1, 3, 3],
                strides=[2, 1, 1],
                pads=[0, 1, 1, 0, 1, 1],
            ),
            node("Squeeze", "p one", "q"),
            node("Concat", "q q", "n", axis=1),
        ],
        {"one": np.array([1])},
    ),
}


@pytest.mark.parametrize("form", PARTS)
def test_parts_are_put_together(form: str, tmp_path: Path) -> None:
    nodes, constants = PARTS[form]
    if form == "into constants":
        nodes = [node("Slice", "c first last one", "k"), *nodes]
        nodes[1].input[0] = "k"
        constants = constants | {"first": np.array([0]), "last": np.array([3])}
        constants |= {"one": np.array([1])}
    layers = [node("Conv", "x w", "c"), node("Conv", "x u", "d"), *nodes, node("Conv", "n v", "y")]
    weights = {"w": normal(C, 2, 1, 1), "u": normal(C, 2, 1, 1, seed=1), "v": normal(3, C, 3, 3)}
    model = float_model(layers, [1, 2, H, W], weights | constants)
    kinds = check_quantized(model, normal(4, 2, H, W, seed=9, scale=1.0), tmp_path)
    assert not kinds & {"Where", "ScatterND"}
