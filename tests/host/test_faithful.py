"""A preparation that changes what a network computes is found before anything is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from float_models import float_model, node, normal

from msfcnn.errors import ModelError
from msfcnn.quantizer import quantize
from msfcnn.quantizer.faithful import check_unchanged


def network(tmp_path: Path, shift: float = 0.0, batch: int = 1) -> Path:
    nodes = [node("Conv", "x w", "c"), node("Add", "c b", "y")]
    constants = {"w": normal(3, 2, 3, 3), "b": np.array(shift, np.float32)}
    path = tmp_path / f"net{shift}.onnx"
    onnx.save(float_model(nodes, [batch, 2, 6, 6], constants), path)
    return path


def test_a_changed_network_is_named(tmp_path: Path) -> None:
    image = {"x": normal(1, 2, 6, 6)}
    path = network(tmp_path)
    check_unchanged(path, onnx.load(path), image)
    with pytest.raises(ModelError, match=r"'y' is .* off") as caught:
        check_unchanged(path, onnx.load(network(tmp_path, 0.5)), image)
    assert "defect of msfcnn" in caught.value.problems[0].hint


def test_quantize_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from msfcnn.quantizer import prepare

    def broken(edited: object) -> dict[str, str]:
        for layer in edited.nodes:  # type: ignore[attr-defined]
            if layer.op_type == "Add":
                edited.bypass(layer)  # type: ignore[attr-defined]
        return {}

    monkeypatch.setattr(prepare, "fold_affine", broken)
    with pytest.raises(ModelError, match="once the network is prepared"):
        quantize(network(tmp_path, 0.5), normal(4, 2, 6, 6))


def test_a_file_for_a_batch_is_not_compared(tmp_path: Path) -> None:
    path = network(tmp_path, batch=4)
    assert not quantize(path, normal(4, 2, 6, 6)).unsupported
