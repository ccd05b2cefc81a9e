"""RAM that the plans of real networks may need at most; nothing is compiled or run."""

from __future__ import annotations

from pathlib import Path

import pytest

from msfcnn import zoo
from msfcnn.frontend.onnx import load_model
from msfcnn.fusion import network
from msfcnn.pipeline import folded
from msfcnn.planner import Goal, plan
from msfcnn.planner.space import Space, space_of
from msfcnn.schedule import schedule
from network_table import layer_by_layer

INFINITE = float("inf")

# The convolution chains of the msf-CNN paper's tables, counted as it does: without input and
# output of the network. Bound on the recompute factor: bytes.
CHAINS = {
    "chain_mbv2_w035_r144": {1.0: 15000, 1.1: 8050, 1.3: 6750, INFINITE: 6270},
    "chain_mn2_vww5_r80": {1.0: 12260, 1.1: 9490, 1.3: 9490, INFINITE: 9490},
    "chain_mn2_320k_r176": {1.0: 55800, 1.1: 41700, 1.3: 38500, INFINITE: 33800},
}

# Whole networks with residuals and head: the arena, the image being the caller's.
NETWORKS = {
    "vww_96": {1.0: 11500, 1.1: 8200},
    "person_detect": {1.0: 11100, 1.1: 8000},
    "mcunet_vww_5fps": {1.0: 12260, 1.1: 9490},
    "mbv2_w035_r144": {1.0: 17640, 1.1: 9860},
    "mobilenet_v2_224": {1.0: 95000, 1.1: 40000},
}
# Networks of the zoo with branches, nothing computed twice: at most 15 % above a sketch that sweeps
# row by row, each tensor in a ring.
BRANCHES = {
    "densenet": 52274,
    "inception": 34329,
    "pan": 24085,
    "resnet18": 183632,
    "resnet20": 21914,
    "shufflenetv2": 17719,
    "squeezenet": 12144,
}
LARGE = {"mobilenet_v2_224", "chain_mbv2_w035_r144", "chain_mn2_320k_r176", "mbv2_w035_r144"}


def slow(names: dict[str, dict[float, int]]) -> list[object]:
    return [pytest.param(n, marks=pytest.mark.long) if n in LARGE else n for n in names]


def plans_of(models: Path, name: str) -> Space:
    path = models / f"{name}.onnx"
    if not path.exists():
        pytest.skip(f"{path.name} is not among the shared models")
    model, _ = folded(load_model(path))
    return space_of(network(model), Goal())


@pytest.mark.parametrize("name", slow(CHAINS))
def test_chains_of_the_paper(shared_models: Path, name: str) -> None:
    space = plans_of(shared_models, name)
    for factor, most in CHAINS[name].items():
        found = schedule(plan(space.network, Goal(max_macs=factor, without_io=True), space))
        assert found.peak_ram_without_io <= most, f"F <= {factor}"
        assert found.macs <= factor * space.network.macs


@pytest.mark.parametrize("name", slow(NETWORKS))
def test_whole_networks(shared_models: Path, name: str) -> None:
    space = plans_of(shared_models, name)
    for factor, most in NETWORKS[name].items():
        found = schedule(plan(space.network, Goal(max_macs=factor), space))
        assert found.peak_ram <= most, f"F <= {factor}"
        assert found.macs <= factor * space.network.macs


@pytest.mark.long
@pytest.mark.parametrize("name", BRANCHES)
def test_networks_with_branches(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.onnx"
    path.write_bytes(zoo.build(name).SerializeToString())
    assert schedule(plan(network(load_model(path)), Goal(max_macs=1.0))).peak_ram <= BRANCHES[name]


@pytest.mark.long
@pytest.mark.parametrize("resolution", [96, 224])
def test_gates_take_a_quarter(resolution: int, tmp_path: Path) -> None:
    """MobileNetV3-Small 0.5, compared with whole tensors layer by layer."""
    path = tmp_path / "gated.onnx"
    model = zoo.build("mobilenetv3-small", width=0.5, resolution=resolution)
    path.write_bytes(model.SerializeToString())
    loaded = load_model(path)
    found = schedule(plan(network(loaded), Goal(max_macs=1.0)))
    assert 4 * found.peak_ram <= layer_by_layer(loaded)
