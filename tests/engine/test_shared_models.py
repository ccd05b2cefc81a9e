"""Real and published networks: the C engine on every stored input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from msfcnn.importer import load_model
from msfcnn.model import InputMode, Model
from msfcnn.pipeline import GenerateRequest, generate
from msfcnn.reference import execute
from msfcnn.verify.execute import execute_c

NAMES = (
    *("digits_cnn", "mcunet_vww_5fps", "vww_96", "person_detect", "kws_dscnn"),
    *("mobilenet_v2_224", "mbv2_w035_r144", "mbv2_w035_r144_msf", "mcunet_320kb_in_r176"),
    *("chain_mbv2_w035_r144", "chain_mn2_vww5_r80", "chain_mn2_320k_r176"),
)
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
