"""Calibration images: real inputs from which the ranges of all tensors are measured."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msfcnn.errors import Problem, UsageError

KEY = "x"


def load_calibration(path: Path) -> NDArray[np.float32]:
    """float32 [n, ...] from an .npz (key `x`, or its only array) or an .npy file.

    Raises UsageError if the file is neither, or holds no real numbers.
    """
    try:
        loaded = np.load(path, allow_pickle=False)
        arrays = {KEY: loaded} if isinstance(loaded, np.ndarray) else dict(loaded)
    except FileNotFoundError:
        raise UsageError(Problem(str(path), "no such file")) from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
        raise _unusable(path, "it is neither an .npz nor an .npy file") from None
    if KEY not in arrays and len(arrays) != 1:
        raise _unusable(path, f"it has no array '{KEY}', only {', '.join(arrays) or 'nothing'}")
    images = arrays.get(KEY, next(iter(arrays.values())))
    if not isinstance(images, np.ndarray):  # a file in the archive that is no array
        raise _unusable(path, "it holds something else than arrays")
    if not np.issubdtype(images.dtype, np.floating):
        raise _unusable(path, f"it holds {images.dtype}, not real numbers")
    if images.ndim < 2 or not images.size:
        raise _unusable(path, "it holds no images")
    with np.errstate(over="ignore"):
        values = images.astype(np.float32)
    if not np.isfinite(values).all():
        raise _unusable(path, "some of its values are infinite, too large or not a number")
    return values


def _unusable(path: Path, what: str) -> UsageError:
    hint = f"save images as the float network takes them: numpy.savez(FILE, {KEY}=images)"
    return UsageError(Problem(str(path), what, hint))
