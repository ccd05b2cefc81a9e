"""Which tensors are of a size that makes sense."""

from __future__ import annotations

import math

from msfcnn.nodes.problems import Unsupported

LARGEST_TENSOR = 2**24  # elements; also keeps a damaged file from asking for terabytes


def fits(shape: tuple[int, ...]) -> bool:
    """Whether a tensor of this shape is neither empty nor larger than anything sensible."""
    return all(size >= 1 for size in shape) and math.prod(shape) <= LARGEST_TENSOR


def check_size(what: str, shape: tuple[int, ...]) -> None:
    """Refuses tensors that no microcontroller holds (and no importer either)."""
    if not fits(shape):
        raise Unsupported(f"{what} would have the shape {list(shape)}", "use a smaller input")
