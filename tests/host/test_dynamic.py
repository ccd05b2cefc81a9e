"""Files of onnxruntime's quantize_dynamic are quantized as float networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from float_models import float_model, node, normal, run

from msfcnn.errors import ModelError
from msfcnn.frontend import load_model
from msfcnn.quantizer import quantize
from msfcnn.quantizer.prepare import prepare

IMAGES = normal(4, 4, 6, 6, seed=9, scale=1.0)


def dynamic(tmp_path: Path, weights: str, per_channel: bool) -> tuple[Path, onnx.ModelProto]:
    """A convolution and a dense layer as the tool writes them, and the float model."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    nodes = [
        node("Conv", "x w b", "c"),
        node("Relu", "c", "r"),
        node("Flatten", "r", "f"),
        node("MatMul", "f v", "m"),
        node("Add", "m a", "y"),
    ]
    constants = {"w": normal(5, 4, 3, 3), "b": normal(5), "v": normal(80, 3), "a": normal(3)}
    model = float_model(nodes, [1, 4, 6, 6], constants)
    onnx.save(model, tmp_path / "float.onnx")
    path = tmp_path / "dynamic.onnx"
    kind = getattr(QuantType, weights)
    quantize_dynamic(tmp_path / "float.onnx", path, weight_type=kind, per_channel=per_channel)
    return path, model


@pytest.mark.parametrize(
    ("weights", "per_channel"), [("QInt8", False), ("QInt8", True), ("QUInt8", False)]
)
def test_a_dynamic_file_is_quantized(weights: str, per_channel: bool, tmp_path: Path) -> None:
    path, model = dynamic(tmp_path, weights, per_channel)
    ready = prepare(path, tmp_path)
    assert not any("Integer" in n.op_type for n in ready.model.graph.node)
    for theirs, ours in zip(run(model, IMAGES), run(ready.model, IMAGES), strict=True):
        assert np.linalg.norm(ours - theirs) < 0.03 * np.linalg.norm(theirs)
    done = quantize(path, IMAGES)
    assert not done.unsupported
    assert any("rounding of activations" in note for note in done.notes)


def test_other_verbs_say_that_it_must_be_quantized(tmp_path: Path) -> None:
    path, _ = dynamic(tmp_path, "QUInt8", per_channel=False)
    with pytest.raises(ModelError, match="dynamically") as caught:
        load_model(path)
    assert "msfcnn quantize dynamic.onnx" in caught.value.problems[0].hint
