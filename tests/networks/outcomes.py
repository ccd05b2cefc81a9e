"""What must become of each network; it needs no torch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

# refused by an operator of this kind, and that is right
REFUSED: Mapping[str, str] = {
    "gru": "GRU",
    "lstm": "LSTM",
    "attention": "MatMul",
}

# operators that msfcnn does not run (yet): these and no others may be named
LACKING: Mapping[str, frozenset[str]] = {}

PIXELS = frozenset({"normalizing", "log_probabilities"})  # take 0 to 255


def samples(
    name: str, shapes: Mapping[str, tuple[int, ...]], count: int
) -> dict[str, NDArray[np.float32]]:
    """Noise with drift [count, ...] for each input of a network (shapes with batch)."""
    return {
        border: _noise(name, shape, count, 7 + i)
        for i, (border, shape) in enumerate(shapes.items())
    }


def _noise(name: str, shape: tuple[int, ...], count: int, seed: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 0.5, (count, *shape[1:]))
    drift = np.cumsum(rng.normal(0, 0.25, noise.shape), axis=-1)
    signal = noise + drift - drift.mean(axis=-1, keepdims=True)
    values = np.rint(np.clip(signal * 40 + 128, 0, 255)) if name in PIXELS else signal
    return values.astype(np.float32)
