"""Images to verify a model with: the user's, or random ones."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msfcnn.dataset import LABELS
from msfcnn.errors import Problem, UsageError
from msfcnn.ir import Model, Order, Tensor

STORED_KEY = "x_q"  # int8 (or uint8), already quantized, ONNX layout
REAL_KEY = "x"  # float, quantized here


def random_images(model: Model, count: int, seed: int = 0) -> NDArray[np.int8]:
    """int8 [count, H, W, C]: smooth gradients with noise, then pure noise, reproducible."""
    rng = np.random.default_rng(seed)
    height, width, channels = model.tensors[model.input.tensor].shape
    images = rng.integers(-128, 128, (count, height, width, channels))
    ramp = np.linspace(-100, 100, height)[:, None, None] * np.linspace(1, -1, width)[None, :, None]
    smooth = ramp + images[: (count + 1) // 2] // 8
    images[: (count + 1) // 2] = np.clip(smooth, -128, 127)
    return images.astype(np.int8)


def load_images(model: Model, path: Path) -> tuple[NDArray[np.int8], NDArray[np.int64] | None]:
    """Images as int8 [n, H, W, C] and their labels if the file has some (-1: unknown).

    Reads `x_q` (stored values) or `x` (real values, quantized here), both [n, ...] in the shape
    of the ONNX input; `labels` or `y` [n] is optional. Raises UsageError.
    """
    arrays = _read(path)
    view = model.input.view(model)
    if STORED_KEY in arrays:
        stored = arrays[STORED_KEY]
        if stored.dtype not in (np.int8, np.uint8):
            raise _unusable(path, f"'{STORED_KEY}' holds {stored.dtype}, not int8")
    elif REAL_KEY in arrays:
        quantization = view.quantization
        scaled = np.rint(arrays[REAL_KEY].astype(np.float64) / quantization.scale)
        stored = np.clip(scaled + quantization.zero_point, -128, 127).astype(np.int8)
    else:
        found = ", ".join(arrays) or "nothing"
        raise _unusable(path, f"it has neither '{STORED_KEY}' nor '{REAL_KEY}', only {found}")
    if stored.ndim < 2 or stored[0].size != view.size or not len(stored):
        shape = "x".join(map(str, stored.shape))
        wanted = "x".join(map(str, ("n", *view.onnx_shape[1:])))
        raise _unusable(path, f"its images are {shape}, the network wants {wanted}")
    labels = next((arrays[key] for key in LABELS if key in arrays), None)
    if labels is not None and labels.shape != (len(stored),):
        raise _unusable(path, f"it has {labels.size} labels for {len(stored)} images")
    stored = _in_order(stored, view)
    images = np.stack([view.from_onnx(image) for image in stored])
    return images, None if labels is None else labels.astype(np.int64)


def _in_order(stored: NDArray[np.generic], view: Tensor) -> NDArray[np.generic]:
    """Images of NCHW and NHWC files alike, where their shape tells that they are the other kind."""
    shape = stored.shape[1:]
    if len(shape) != 3 or shape == view.onnx_shape[1:]:
        return stored
    planar = (view.channels, view.height, view.width)
    if shape == planar and view.onnx_order is Order.HWC:
        return np.moveaxis(stored, 1, 3)
    if shape == view.shape and view.onnx_order is Order.CHW and len(view.onnx_shape) == 4:
        return np.moveaxis(stored, 3, 1)
    return stored


def _read(path: Path) -> dict[str, NDArray[np.generic]]:
    """The arrays of an npz file. Raises UsageError."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except FileNotFoundError:
        raise UsageError(Problem(str(path), "no such file")) from None
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile):
        raise _unusable(path, "it is not an .npz archive") from None


def _unusable(path: Path, what: str) -> UsageError:
    return UsageError(
        Problem(
            str(path),
            what,
            f"save it with numpy.savez(FILE, {STORED_KEY}=int8 images in the shape of the ONNX "
            f"input, or {REAL_KEY}=real ones)",
        )
    )
