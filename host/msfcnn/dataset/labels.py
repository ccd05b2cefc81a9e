"""Whether the classes of a data set can be those of a network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def strange_labels(labels: NDArray[np.int64] | None, scores: Sequence[int]) -> str:
    """What is wrong with classes (-1: unknown) for a network; empty if nothing is.

    scores: how many each list of scores has that the network gives; none tell nothing.
    """
    if labels is None or not scores or int(labels.max(initial=-1)) < max(scores):
        return ""
    largest = int(labels.max())
    return f"has classes up to {largest}, the network has {max(scores)} scores (from class 0 on)"
