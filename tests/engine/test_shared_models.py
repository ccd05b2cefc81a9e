"""Real and published networks: C engine, reference and the stored golden values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from msfcnn.importer import load_model
from msfcnn.model import Add, AveragePool, GlobalAveragePool, InputMode, Model, Reshape, Softmax
from msfcnn.pipeline import GenerateRequest, generate
from msfcnn.reference import execute, run_op
from msfcnn.verify.check import accuracy
from msfcnn.verify.execute import execute_c

LABELLED = ("digits_cnn", "mcunet_vww_5fps", "vww_96", "person_detect", "kws_dscnn")
NAMES = (
    *LABELLED,
    *("mobilenet_v2_224", "mbv2_w035_r144", "mbv2_w035_r144_msf", "mcunet_320kb_in_r176"),
    *("chain_mbv2_w035_r144", "chain_mn2_vww5_r80", "chain_mn2_320k_r176"),
)
WITH_LAYERS = ("digits_cnn", "mcunet_vww_5fps", "vww_96", "kws_dscnn")
ROUNDED = (Add, AveragePool, GlobalAveragePool, Softmax)  # may differ by 1 LSB from real numbers
QUICK_IMAGES = 2
COUNTS = [
    pytest.param(QUICK_IMAGES, id="first-images"),
    pytest.param(None, id="all-images", marks=pytest.mark.long),
]


@dataclass(frozen=True, eq=False)
class Network:
    """A stored network with its golden values."""

    name: str
    path: Path
    model: Model
    stored: Mapping[str, NDArray[np.generic]]

    def images(self, count: int | None) -> NDArray[np.int8]:
        view = self.model.input.view(self.model)
        return np.stack([view.from_onnx(x) for x in self.stored["x_q"][:count]])

    def golden(self, key: str, count: int | None) -> NDArray[np.int8]:
        """Stored outputs as int8 [n, H, W, C]."""
        view = self.model.outputs[0].view(self.model)
        return np.stack([view.from_onnx(y) for y in self.stored[key][:count]])


@pytest.fixture(params=NAMES)
def network(request: pytest.FixtureRequest, shared_models: Path) -> Network:
    path = shared_models / f"{request.param}.onnx"
    if not path.exists():
        pytest.skip(f"{path.name} is not among the shared models")
    with np.load(path.with_suffix(".npz")) as archive:
        stored = dict(archive)
    return Network(request.param, path, load_model(path), stored)


@pytest.mark.parametrize("mode", InputMode)
@pytest.mark.parametrize("count", COUNTS)
def test_c_equals_the_reference(
    network: Network, count: int | None, mode: InputMode, tmp_path: Path
) -> None:
    request = GenerateRequest(network.path, "net", "test", input_mode=mode)
    generated = generate(request)
    images = network.images(count)
    done = execute_c(generated, "net", images, tmp_path, flags=["-O2"])
    expected = execute(generated.model, images)
    for tensor, values in done.tensors.items():
        np.testing.assert_array_equal(values, expected[tensor], network.model.tensors[tensor].name)
    np.testing.assert_array_equal(done.outputs[0], network.golden("y_exact", count))
    assert done.untouched == 0
    words = generated.sources["net.h"].split()
    assert int(words[words.index("NET_ARENA_SIZE") + 1]) == generated.layout.peak_ram


@pytest.mark.parametrize("network", LABELLED, indirect=True)
def test_labels(network: Network) -> None:
    """The C engine's bytes classify at least as well as onnxruntime's, but for one image."""
    labels = network.stored["labels"].astype(np.int64)
    ours = execute(network.model, network.images(None))[network.model.outputs[0].tensor]
    right = accuracy(ours, labels)
    theirs = accuracy(network.golden("y_ort", None), labels)
    assert right is not None
    assert theirs is not None
    assert right >= theirs - 1.0 / int((labels >= 0).sum())


@pytest.mark.parametrize("name", WITH_LAYERS)
def test_single_ops_against_stored_layers(name: str, shared_models: Path) -> None:
    """Each op on the stored activations: exact, or within 1 LSB where real numbers are rounded."""
    model = load_model(shared_models / f"{name}.onnx")
    with np.load(shared_models / f"{name}_layers.npz") as archive:
        layers = dict(archive)
    values = {
        index: tensor.from_onnx(layers[key])[None]
        for index, tensor in enumerate(model.tensors)
        for key in [f"{tensor.name}@exact" if f"{tensor.name}@exact" in layers else tensor.name]
        if key in layers
    }
    judged = 0
    for op in model.ops:
        if op.output not in values or any(t not in values for t in op.inputs):
            continue
        ours = run_op(model, op, [values[t] for t in op.inputs]).astype(np.int16)
        distance = np.abs(ours.reshape(values[op.output].shape) - values[op.output])
        assert distance.max() <= (1 if isinstance(op, ROUNDED) else 0), op.node
        judged += 1
    assert judged >= 0.8 * sum(not isinstance(op, Reshape) for op in model.ops)
