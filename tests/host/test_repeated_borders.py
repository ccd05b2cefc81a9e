"""Padding that repeats the image, or with a number, becomes what msfcnn has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from float_models import check_quantized, float_model, node, normal

from msfcnn.quantizer import quantize

SIDES = {
    "around": [0, 0, 2, 1, 0, 0, 1, 3],
    "rows": [0, 0, 1, 0, 0, 0, 0, 0],
    "behind": [0, 0, 0, 0, 0, 0, 2, 2],
}


def padded(mode: str, sides: list[int], number: float | None = None) -> onnx.ModelProto:
    """Conv, Pad, Conv on [1, 4, 6, 7]."""
    value = {} if number is None else {"v": np.array(number, np.float32)}
    names = "c pads v" if value else "c pads"
    nodes = [node("Conv", "x w", "c"), node("Pad", names, "p", mode=mode), node("Conv", "p u", "y")]
    constants = {"w": normal(5, 4, 1, 1), "u": normal(3, 5, 3, 3), "pads": np.array(sides)}
    return float_model(nodes, [1, 4, 6, 7], constants | value, opset=19)


def check(model: onnx.ModelProto, tmp_path: Path) -> None:
    check_quantized(model, normal(4, 4, 6, 7, seed=9, scale=1.0), tmp_path)


@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("mode", ["reflect", "edge", "wrap"])
def test_a_border_repeats_the_image(mode: str, sides: str, tmp_path: Path) -> None:
    check(padded(mode, SIDES[sides]), tmp_path)


def test_a_border_of_nothing_is_nothing(tmp_path: Path) -> None:
    check(padded("reflect", [0] * 8), tmp_path)


def test_columns_of_a_map_too_large_to_be_moved_one_by_one(tmp_path: Path) -> None:
    nodes = [
        node("Conv", "x w", "c"),
        node("Pad", "c pads", "p", mode="reflect"),
        node("Conv", "p u", "y"),
    ]
    constants = {"w": normal(8, 1, 1, 1), "u": normal(3, 8, 3, 3)}
    constants["pads"] = np.array(SIDES["around"])
    model = float_model(nodes, [1, 1, 48, 47], constants, opset=19)
    check_quantized(model, normal(2, 1, 48, 47, seed=9, scale=1.0), tmp_path)


@pytest.mark.parametrize("number", [0.5, -1.25])
def test_a_border_of_a_number(number: float, tmp_path: Path) -> None:
    check(padded("constant", SIDES["around"], number), tmp_path)


def test_a_border_wider_than_the_rows_that_are_cut_out_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "given.onnx"
    onnx.save(padded("edge", [0, 0, 0, 0, 0, 0, 0, 40]), path)
    (problem,) = quantize(path, normal(4, 4, 6, 7)).unsupported
    assert problem.kind == "Pad"
