"""Real and published networks: the C code of several plans on stored images, all of them exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from shared_networks import LARGE, SMALL, SharedNetwork, load_network

import msfcnn
from msfcnn import Options
from msfcnn.ir import InputMode
from msfcnn.pipeline import generate_layers
from msfcnn.reference import execute
from msfcnn.verifier.execute import execute_c

FAST = ["-O2"]
QUICK_IMAGES = 2
WAYS = [(InputMode.IMAGE, None), (InputMode.IMAGE, 1.3), (InputMode.PUSH, None)]
WAYS += [(InputMode.PULL, 1.3)]


@pytest.fixture
def network(request: pytest.FixtureRequest, shared_models: Path) -> SharedNetwork:
    return load_network(shared_models, request.param)


def networks(first_images: tuple[str, ...], all_images: tuple[str, ...]) -> pytest.MarkDecorator:
    """The first images of some networks in the quick suite, all of the others in the long one."""
    long = pytest.mark.long
    cases = [pytest.param(n, QUICK_IMAGES, id=f"{n}-first-images") for n in first_images]
    cases += [pytest.param(n, None, id=f"{n}-all-images", marks=long) for n in all_images]
    return pytest.mark.parametrize(("network", "count"), cases, indirect=["network"])


@networks(SMALL, SMALL + LARGE)
def test_layer_by_layer(
    network: SharedNetwork, count: int | None, tmp_path: Path, fast_engine: Path
) -> None:
    """Every tensor equals the reference, every output the golden one."""
    generated = generate_layers(network.model, "net")
    images = network.images(count)
    done = execute_c(generated, "net", images, tmp_path, flags=FAST, engine=fast_engine)
    expected = execute(network.model, images)
    for tensor, values in done.tensors.items():
        np.testing.assert_array_equal(values, expected[tensor], network.model.tensors[tensor].name)
    np.testing.assert_array_equal(done.outputs[0], network.golden(count))


@pytest.mark.parametrize(("mode", "factor"), WAYS)
@networks(SMALL[:3], SMALL + LARGE)
def test_plans(
    network: SharedNetwork,
    count: int | None,
    mode: InputMode,
    factor: float | None,
    tmp_path: Path,
    fast_engine: Path,
) -> None:
    """As `msfcnn generate` plans by default, and for a bound on the recomputation."""
    options = Options(input=mode.value, max_macs=factor)
    generated = msfcnn.generate(network.path, options, name="net")
    images = network.images(count)
    done = execute_c(
        generated, "net", images, tmp_path, flags=FAST, keep_stages=False, engine=fast_engine
    )
    np.testing.assert_array_equal(done.outputs[0], network.golden(count))
    assert generated.recompute_factor <= (factor or 1.0)
