"""RAM that the plans of real networks may need at most; nothing is compiled or run."""

from __future__ import annotations

from pathlib import Path

import pytest

from msfcnn.frontend.onnx import load_model
from msfcnn.fusion import network
from msfcnn.pipeline import folded
from msfcnn.planner import Goal, plan
from msfcnn.planner.space import Space, space_of
from msfcnn.schedule import schedule

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
LARGE = {"mobilenet_v2_224", "chain_mn2_320k_r176", "mbv2_w035_r144"}


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
