"""The error of each layer against the float network, beside what onnxruntime makes of both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from float_models import float_model, node, normal
from onnx import numpy_helper

import msfcnn
from msfcnn.quantizer import session, watching


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A float network, its int8 form, and images."""
    directory = tmp_path_factory.mktemp("layers")
    nodes = [
        node("Conv", "x w1 b1", "a", pads=[1, 1, 1, 1]),
        node("Relu", "a", "r"),
        node("Conv", "r w2 b2", "c", pads=[1, 1, 1, 1]),
        node("Add", "r c", "s"),
        node("GlobalAveragePool", "s", "g"),
        node("Flatten", "g", "y"),
    ]
    constants = {
        "w1": normal(6, 3, 3, 3, seed=1),
        "b1": normal(6, seed=2),
        "w2": normal(6, 6, 3, 3, seed=3),
        "b2": normal(6, seed=4),
    }
    whole, images = directory / "net.onnx", directory / "images.npz"
    onnx.save(float_model(nodes, (1, 3, 12, 12), constants), whole)
    np.savez(images, x=normal(8, 3, 12, 12, seed=5), labels=np.arange(8) % 6)
    small = directory / "net_int8.onnx"
    msfcnn.quantize(whole, images, small)
    return whole, small, images


def test_errors_are_those_of_onnxruntime(files: tuple[Path, Path, Path]) -> None:
    """Of the dequantized values in the int8 file, which another program computes."""
    whole, small, images = files
    found = msfcnn.evaluate(small, images, float_model=whole)
    assert [layer.value for layer in found.layers] == ["r", "c", "s", "g"]
    proto = onnx.load(small)
    written = {n.input[0]: n.output[0] for n in proto.graph.node if n.op_type == "QuantizeLinear"}
    shown = {n.input[0]: n.output[0] for n in proto.graph.node if n.op_type == "DequantizeLinear"}
    values = [layer.value for layer in found.layers]
    theirs = session(watching(proto, [shown[written[v]] for v in values]).SerializeToString())
    ours = session(watching(onnx.load(whole), values).SerializeToString())
    lost, power = np.zeros(len(values)), np.zeros(len(values))
    for image in np.load(images)["x"]:
        pairs = zip(
            ours.run(None, {"x": image[None]}), theirs.run(None, {"x": image[None]}), strict=True
        )
        for index, (a, b) in enumerate(pairs):
            lost[index] += np.square(a.astype(np.float64) - b).sum()
            power[index] += np.square(a.astype(np.float64)).sum()
    errors = [layer.error for layer in found.layers]
    assert errors == pytest.approx(list(np.sqrt(lost / power)), rel=0.05)
    assert all(0 < error < 0.1 for error in errors)


def test_a_worse_layer_has_a_larger_error(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    whole, small, images = files
    proto = onnx.load(whole)
    (weights,) = [t for t in proto.graph.initializer if t.name == "w2"]
    changed = numpy_helper.to_array(weights) * np.float32(1.5)
    weights.CopyFrom(numpy_helper.from_array(changed, "w2"))
    other = tmp_path / "other.onnx"
    onnx.save(proto, other)
    good = {e.value: e.error for e in msfcnn.evaluate(small, images, float_model=whole).layers}
    bad = {e.value: e.error for e in msfcnn.evaluate(small, images, float_model=other).layers}
    assert bad["r"] == good["r"]
    assert bad["c"] > 5 * good["c"]


def test_no_layers_without_a_float_network(files: tuple[Path, Path, Path]) -> None:
    _, small, images = files
    assert msfcnn.evaluate(small, images).layers == ()
