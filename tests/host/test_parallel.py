"""Convolutions of one input that are added up become one, with the same values."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from float_models import batch_norm_constants, float_model, node, normal, run

from msfcnn.quantizer.prepare import Prepared, prepare

SHAPE = [1, 4, 7, 9]


def prepared(model: onnx.ModelProto, tmp_path: Path) -> Prepared:
    path = tmp_path / "given.onnx"
    onnx.save(model, path)
    return prepare(path, tmp_path)


def summed(*layers: tuple[tuple[int, ...], dict[str, Any]]) -> onnx.ModelProto:
    """Convolutions of the input, of so many weights and attributes, added up; one has a bias."""
    nodes, constants, total = [], {"bias": normal(layers[0][0][0], seed=7)}, ""
    for i, (weights, attributes) in enumerate(layers):
        constants[f"w{i}"] = normal(*weights, seed=i)
        nodes.append(node("Conv", f"x w{i}{' bias' if i == 1 else ''}", f"c{i}", **attributes))
        if total:
            nodes.append(node("Add", f"{total} c{i}", f"s{i}"))
        total = f"s{i}" if total else "c0"
    return float_model([*nodes, node("Relu", total, "y")], SHAPE, constants)


def convolutions(ready: Prepared) -> int:
    return Counter(n.op_type for n in ready.model.graph.node)["Conv"]


def assert_same(model: onnx.ModelProto, ready: Prepared) -> None:
    batch = normal(3, *SHAPE[1:], seed=9, scale=1.0)
    [theirs], [ours] = run(model, batch), run(ready.model, batch)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


PADDED = {"pads": [1, 1, 1, 1]}
MERGED = {
    "kernels 3 and 1": [((6, 4, 3, 3), PADDED), ((6, 4, 1, 1), {})],
    "kernels 1 and 3": [((6, 4, 1, 1), {}), ((6, 4, 3, 3), PADDED)],
    "cross of kernels": [
        ((6, 4, 3, 3), PADDED),
        ((6, 4, 1, 3), {"pads": [0, 1, 0, 1]}),
        ((6, 4, 3, 1), {"pads": [1, 0, 1, 0]}),
    ],
    "two that overlap": [
        ((6, 4, 1, 3), {"pads": [0, 2, 0, 0]}),
        ((6, 4, 1, 3), {"pads": [0, 2, 0, 0]}),
    ],
    "one before the other": [
        ((6, 4, 1, 3), {"pads": [0, 2, 0, 0]}),
        ((6, 4, 1, 3), {"pads": [0, 0, 0, 2]}),
    ],
    "strides": [
        ((6, 4, 3, 3), {**PADDED, "strides": [2, 3]}),
        ((6, 4, 1, 1), {"strides": [2, 3]}),
    ],
    "padding at the end": [
        ((6, 4, 2, 2), {"pads": [0, 0, 1, 1]}),
        ((6, 4, 1, 1), {}),
    ],
    "depthwise": [((4, 1, 3, 3), {**PADDED, "group": 4}), ((4, 1, 1, 1), {"group": 4})],
    "groups of two sizes": [((4, 4, 3, 3), PADDED), ((4, 2, 1, 1), {"group": 2})],
    "several outputs a group": [((8, 4, 3, 3), PADDED), ((8, 1, 1, 1), {"group": 4})],
}
KEPT = {
    "strides differ": [((6, 4, 1, 1), {"strides": [7, 9]}), ((6, 4, 1, 1), {})],
    "one is broadcast": [((6, 4, 7, 9), {}), ((6, 4, 1, 1), {})],
    "dilated": [((6, 4, 3, 3), {"pads": [2] * 4, "dilations": [2, 2]}), ((6, 4, 1, 1), {})],
    "dearer as one": [((4, 1, 5, 5), {"pads": [2] * 4, "group": 4}), ((4, 4, 1, 1), {})],
}


@pytest.mark.parametrize("name", MERGED)
def test_a_sum_of_convolutions_is_one(name: str, tmp_path: Path) -> None:
    model = summed(*MERGED[name])
    ready = prepared(model, tmp_path)
    assert convolutions(ready) == 1
    assert any("made one convolution" in note for note in ready.notes)
    assert_same(model, ready)


@pytest.mark.parametrize("name", KEPT)
def test_what_is_no_single_convolution_stays(name: str, tmp_path: Path) -> None:
    model = summed(*KEPT[name])
    ready = prepared(model, tmp_path)
    assert convolutions(ready) == 2
    assert_same(model, ready)


def test_a_branch_that_others_read_stays(tmp_path: Path) -> None:
    nodes = [node("Conv", "x w", "a"), node("Conv", "x v", "b"), node("Add", "a b", "s")]
    nodes.append(node("Mul", "s a", "y"))
    constants = {"w": normal(6, 4, 1, 1), "v": normal(6, 4, 1, 1, seed=1)}
    assert convolutions(prepared(float_model(nodes, SHAPE, constants), tmp_path)) == 2


def test_a_block_of_repvgg_in_training_is_one_convolution(tmp_path: Path) -> None:
    """Its third branch is nothing but a batch normalization."""
    nodes = [node("Conv", "x w", "c", pads=[1, 1, 1, 1]), node("Conv", "x v", "d")]
    constants = {"w": normal(4, 4, 3, 3), "v": normal(4, 4, 1, 1, seed=1)}
    for branch, name in zip("cdx", "abn", strict=True):
        constants |= batch_norm_constants(4, name)
        parameters = " ".join(f"{name}{p}" for p in ("gamma", "beta", "mean", "var"))
        nodes.append(node("BatchNormalization", f"{branch} {parameters}", f"{name}_out"))
    nodes += [node("Add", "a_out b_out", "s"), node("Add", "s n_out", "t"), node("Relu", "t", "y")]
    model = float_model(nodes, SHAPE, constants)
    ready = prepared(model, tmp_path)
    assert convolutions(ready) == 1
    assert_same(model, ready)
