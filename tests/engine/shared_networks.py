"""The test networks that are no part of the repository, with their stored images and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from msfcnn.frontend.onnx import load_model
from msfcnn.ir import Model

SMALL = ("digits_cnn", "kws_dscnn", "person_detect", "vww_96", "mcunet_vww_5fps")
LARGE = (
    *("mobilenet_v2_224", "mbv2_w035_r144", "mbv2_w035_r144_msf", "mcunet_320kb_in_r176"),
    *("chain_mbv2_w035_r144", "chain_mn2_vww5_r80", "chain_mn2_320k_r176"),
)


@dataclass(frozen=True, eq=False)
class SharedNetwork:
    """A stored network with its golden values."""

    path: Path
    model: Model
    stored: Mapping[str, NDArray[np.generic]]

    def images(self, count: int | None) -> NDArray[np.int8]:
        """The first stored images, or all of them: int8 [n, H, W, C]."""
        view = self.model.input.view(self.model)
        return np.stack([view.from_onnx(x) for x in self.stored["x_q"][:count]])

    def golden(self, count: int | None) -> NDArray[np.int8]:
        """Exact outputs for them: int8 [n, H, W, C]."""
        view = self.model.outputs[0].view(self.model)
        return np.stack([view.from_onnx(y) for y in self.stored["y_exact"][:count]])


def load_network(directory: Path, name: str) -> SharedNetwork:
    """Skips the test if the directory does not have it."""
    path = directory / f"{name}.onnx"
    if not path.exists():
        pytest.skip(f"{path.name} is not among the shared models")
    with np.load(path.with_suffix(".npz")) as archive:
        stored = dict(archive)
    return SharedNetwork(path, load_model(path), stored)
