"""The reference executor on the shared networks: their exact results, their layers, their labels.

The networks are no part of the repository (see `shared_models`). Quick tests take a few images
of the small networks; the long ones take all images of all networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from msfcnn.frontend.onnx import load_model
from msfcnn.ir import Model
from msfcnn.ops import Add, AveragePool, Concat, Conv, GlobalAveragePool, Reshape, Softmax
from msfcnn.reference import execute, execute_some, run_op
from msfcnn.verifier.oracle import Oracle

SMALL = (
    *("digits_cnn", "kws_dscnn", "mcunet_vww_5fps", "person_detect", "vww_96"),
    *("mbv2_w035_r144", "chain_mn2_vww5_r80"),
)
LARGE = (
    *("mobilenet_v2_224", "mbv2_w035_r144_msf", "mcunet_320kb_in_r176"),
    *("chain_mbv2_w035_r144", "chain_mn2_320k_r176"),
)
EVERY = [*SMALL, *(pytest.param(name, marks=pytest.mark.long) for name in LARGE)]
WITH_LAYERS = ("digits_cnn", "mcunet_vww_5fps", "vww_96", "kws_dscnn")
LABELLED = ("digits_cnn", "kws_dscnn", "mcunet_vww_5fps", "person_detect", "vww_96")
COUNTS = [
    pytest.param(2, id="first-images"),
    pytest.param(None, id="all-images", marks=pytest.mark.long),
]
ROUNDED = (Add, AveragePool, Concat, GlobalAveragePool, Softmax)  # may differ by 1 LSB
Values = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Network:
    """A stored network with the contents of its .npz."""

    path: Path
    model: Model
    stored: Mapping[str, NDArray[np.generic]]

    def images(self, count: int | None) -> Values:
        """int8 [n, H, W, C]."""
        view = self.model.input.view(self.model)
        return np.stack([view.from_onnx(x) for x in self.stored["x_q"][:count]])

    def outputs(self, key: str, count: int | None) -> Values:
        """Stored outputs, int8 [n, H, W, C]."""
        view = self.model.outputs[0].view(self.model)
        return np.stack([view.from_onnx(y) for y in self.stored[key][:count]])

    def run(self, count: int | None) -> Values:
        """Our outputs, int8 [n, H, W, C]."""
        (tensor,) = (port.tensor for port in self.model.outputs)
        return execute_some(self.model, self.images(count), [tensor])[tensor]


@pytest.fixture
def network(request: pytest.FixtureRequest, shared_models: Path) -> Network:
    """The network of the name that the test is parametrized with."""
    path = shared_models / f"{request.param}.onnx"
    if not path.is_file():
        pytest.skip(
            f"{path.name} is not in {shared_models}: put it there, or set MSFCNN_MODELS to the "
            "directory that holds the test networks"
        )
    with np.load(path.with_suffix(".npz")) as archive:
        return Network(path, load_model(path), dict(archive))


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("network", EVERY, indirect=True)
def test_a_network_gives_its_exact_result(network: Network, count: int | None) -> None:
    """Bit by bit, for all networks: no Add, pool or Softmax of theirs comes near a tie."""
    expected = network.outputs("y_exact", count)
    np.testing.assert_array_equal(network.run(count), expected)
    assert len(np.unique(expected)) > 2


@pytest.mark.parametrize("network", LABELLED, indirect=True)
def test_a_network_is_as_accurate_as_onnxruntime(network: Network) -> None:
    """Give or take one image."""
    labels = network.stored["labels"].astype(np.int64)
    known = labels >= 0
    right, theirs = (
        int((scores.reshape(len(labels), -1).argmax(axis=1) == labels)[known].sum())
        for scores in (network.run(None), network.outputs("y_ort", None))
    )
    assert known.sum() >= 5
    assert right >= theirs - 1


@pytest.mark.parametrize("network", WITH_LAYERS, indirect=True)
def test_single_ops_on_stored_layers(network: Network) -> None:
    """Each op gets the stored values of its inputs: what it makes of them is exact, or rounded."""
    values = stored_layers(network)
    ops = [op for op in network.model.ops if not isinstance(op, Reshape)]
    assert len(values) >= len(ops)
    for op in ops:
        found = run_op(network.model, op, [values[t] for t in op.inputs])
        distance = np.abs(found.astype(np.int16) - values[op.output])
        assert distance.max() <= (1 if isinstance(op, ROUNDED) else 0), op.node


def stored_layers(network: Network) -> dict[int, Values]:
    """By tensor, int8 [1, H, W, C]; reshaped ones under the names of what they show."""
    with np.load(network.path.with_name(f"{network.path.stem}_layers.npz")) as archive:
        layers = dict(archive)
    suffix = "@exact" if any(key.endswith("@exact") for key in layers) else ""
    values = {
        index: tensor.from_onnx(layers[tensor.name + suffix])[None]
        for index, tensor in enumerate(network.model.tensors)
        if tensor.name + suffix in layers
    }
    for op in network.model.ops:
        if isinstance(op, Reshape) and op.output not in values:
            values[op.output] = run_op(network.model, op, [values[op.input]])
    return values


@pytest.mark.parametrize("optimize", [False, True], ids=["as written", "optimized"])
@pytest.mark.parametrize("network", EVERY, indirect=True)
def test_single_ops_against_onnxruntime(network: Network, optimize: bool) -> None:
    """Every op on our own values: at most 1 LSB off, and that next to never in a Conv."""
    pytest.importorskip("onnxruntime", reason="pip install 'msfcnn[verify]'")
    model = network.model
    values = [v[0] for v in execute(model, network.images(1))]
    judged = Oracle(network.path, model, optimize).judge(values)
    ops = [op for op in model.ops if not isinstance(op, Reshape)]
    assert {op.output for op in ops} <= set(judged)
    for op in ops:
        distance = np.abs(judged[op.output].astype(np.int16) - values[op.output])
        assert distance.max() <= 1, op.node
        if isinstance(op, Conv):  # float32 sums fall on the wrong side of a tie at times
            assert (distance > 0).sum() <= max(1, 0.001 * distance.size), op.node
