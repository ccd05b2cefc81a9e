"""`msfcnn inspect` on a network made by hand: a residual block with a reshape behind it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from msfcnn.cli import main
from msfcnn.ir import Geometry, Model, Op, Order, Port, Quantization, Tensor
from msfcnn.ir.liveness import last_readers, live_during, producers
from msfcnn.ops import Add, Conv, Reshape

SHAPES = ((4, 6, 2), (4, 6, 2), (4, 6, 2), (4, 6, 2), (1, 1, 48))


def conv(node: str, source: int, target: int, geometry: Geometry, groups: int) -> Conv:
    weights = np.ones((2, geometry.kernel_h, geometry.kernel_w, 2 // groups), np.int8)
    ones = np.ones(2)
    return Conv(node, source, target, geometry, groups, weights, ones, ones.astype(np.int64))


def residual() -> Model:
    """0 -expand-> 1 -depthwise-> 2; 1 + 2 = 3, reshaped to 4."""
    wide = Geometry(3, 3, pad_top=0, pad_left=1, pad_bottom=2, pad_right=1)
    ops: tuple[Op, ...] = (
        conv("expand", 0, 1, Geometry(1, 1), 1),
        conv("depthwise", 1, 2, wide, 2),
        Add("add", 1, 2, 3),
        Reshape("flatten", 3, 4),
    )
    tensors = tuple(
        Tensor(f"t{i}", *shape, Quantization(0.5, 0), (1, shape[2], *shape[:2]))
        for i, shape in enumerate(SHAPES)
    )
    ports = [Port(f"t{i}", i, tensors[i].onnx_shape, Order.CHW, "float32") for i in (0, 4)]
    return Model("residual", "0" * 64, tensors, ops, ports[0], (ports[1],))


def test_liveness() -> None:
    model = residual()
    assert producers(model) == (-1, 0, 1, 2, 3)
    assert last_readers(model) == (0, 2, 2, 3, 4)
    assert live_during(model) == ((0, 1), (1, 2), (1, 2, 3), (3, 4))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("msfcnn.frontend.load_model", lambda path: residual())
    path = tmp_path / "residual.onnx"
    path.touch()
    return str(path)


def test_json(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", file, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["totals"] == {
        "layers": 4,
        "weight_bytes": 4 + 18,
        "macs": 24 * 4 + 24 * 18,
        "peak_live_bytes": 3 * 48,
        "peak_node": "add",
    }
    assert [layer["live_bytes"] for layer in data["layers"]] == [96, 96, 144, 48]
    assert data["layers"][1] == {
        "node": "depthwise",
        "op": "Conv",
        "inputs": [[4, 6, 2]],
        "output": [4, 6, 2],
        "kernel": [3, 3],
        "stride": [1, 1],
        "dilation": [1, 1],
        "pads": [0, 1, 2, 1],
        "groups": 2,
        "weight_bytes": 18,
        "macs": 432,
        "output_bytes": 48,
        "live_bytes": 96,
    }
    assert data["model"]["input"]["shape"] == [4, 6, 2]
    macs, weights = data["totals"]["macs"], data["totals"]["weight_bytes"]
    assert data["dead_channels"] == {
        "macs": [macs, macs],
        "weight_bytes": [weights, weights],
        "layers": [],
    }


def test_table(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", file]) == 0
    text = capsys.readouterr().out
    assert "3x3 pads 0,1,2,1 groups 2" in text
    assert "4x6x2 + 4x6x2" in text
    assert "4 layers" in text
    assert "peak   144" in text
    assert "Dead channels" not in text


def with_dead_channel() -> Model:
    """0 -expand-> 1 -project-> 2; the second channel of 1 is constant."""
    tensors = residual().tensors[:3]
    expand, project = (conv(n, t, t + 1, Geometry(1, 1), 1) for t, n in enumerate("ab"))
    expand.weights[1] = 0
    ports = [Port(t.name, i, t.onnx_shape, Order.CHW, "int8") for i, t in enumerate(tensors)]
    return Model("dead", "0" * 64, tensors, (expand, project), ports[0], (ports[2],))


def test_dead_channels(
    file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("msfcnn.frontend.load_model", lambda path: with_dead_channel())
    monkeypatch.setattr(
        "msfcnn.report.layers.BLOCK", 1
    )  # fewer channels than kernels compute together
    assert main(["inspect", file, "--json"]) == 0
    dead = json.loads(capsys.readouterr().out)["dead_channels"]
    assert dead["macs"] == [2 * 4 * 24, 2 * 2 * 24]
    assert [(layer["node"], layer["channels"]) for layer in dead["layers"]] == [
        ("a", [2, 1]),
        ("b", [2, 2]),
    ]
    assert dead["layers"][1]["weight_bytes"] == [4, 2]
    assert main(["inspect", file]) == 0
    assert "Dead channels: what is left without them" in capsys.readouterr().out
