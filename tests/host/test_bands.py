"""Batch normalization of bands of rows (sub-spectral normalization) is split into its bands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from float_models import batch_norm_constants, check_quantized, float_model, node, normal

C, BANDS, HEIGHT, WIDTH = 4, 3, 12, 5


@pytest.mark.parametrize("inner", [(C * BANDS, HEIGHT // BANDS, WIDTH), (C, HEIGHT, WIDTH)])
def test_bands_are_normalized_one_by_one(inner: tuple[int, int, int], tmp_path: Path) -> None:
    nodes = [
        node("Conv", "x w", "c"),
        node("Reshape", "c apart", "r"),
        node("BatchNormalization", "r gamma beta mean var", "n"),
        node("Reshape", "n together", "t"),
        node("Conv", "t v", "y"),
    ]
    constants = {
        "w": normal(C, 2, 1, 1),
        "v": normal(3, C, 3, 3),
        "apart": np.array([1, *inner]),
        "together": np.array([1, C, HEIGHT, WIDTH]),
        **batch_norm_constants(inner[0]),
    }
    model = float_model(nodes, [1, 2, HEIGHT, WIDTH], constants)
    check_quantized(model, normal(4, 2, HEIGHT, WIDTH, seed=9, scale=1.0), tmp_path)
