"""Images to verify a model with: the user's, or random ones.

All become int8 [n, *sample_shape], HWC, as the engine takes them; files have them in the order of
the ONNX input.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msfcnn.dataset import LABELS, REAL, STORED, classes_of, load_arrays
from msfcnn.errors import Problem, UsageError
from msfcnn.ir import Model, Order, Port, Tensor


def random_images(model: Model, count: int, seed: int = 0) -> NDArray[np.int8]:
    """int8 [count, *sample_shape]: smooth gradients with noise, then pure noise, reproducible."""
    rng = np.random.default_rng(seed)
    ports = [port.tensor for port in model.inputs]
    return model.put_together({t: _random(model.tensors[t], count, rng) for t in ports})


def _random(tensor: Tensor, count: int, rng: np.random.Generator) -> NDArray[np.int8]:
    """Noise alone drives most networks into the middle of their ranges, so half are gradients."""
    height, width, channels = tensor.shape
    images = rng.integers(-128, 128, (count, height, width, channels))
    ramp = np.linspace(-100, 100, height)[:, None, None] * np.linspace(1, -1, width)[None, :, None]
    smooth = ramp + images[: (count + 1) // 2] // 8
    images[: (count + 1) // 2] = np.clip(smooth, -128, 127)
    return images.astype(np.int8)


def load_images(model: Model, path: Path) -> tuple[NDArray[np.int8], NDArray[np.int64] | None]:
    """Images as int8 [n, *sample_shape] and their labels if the file has some (-1: unknown).

    Reads `x_q` (stored values) or `x` (real values, quantized here), both [n, ...] in the shape
    of the ONNX input; of a network with several inputs an array for each, called as the input:
    real values, or stored ones (int8, uint8). `labels` or `y` is optional: classes [n], or scores
    [n, classes]. Raises UsageError.
    """
    arrays = load_arrays(path)
    if model.beside:
        named = [(port.name, port.name, port) for port in model.inputs]
    else:
        named = [(STORED, REAL, model.input)]
    values = {
        port.tensor: _of_port(model, port, arrays, (stored, real), path)
        for stored, real, port in named
    }
    names = {stored for stored, _, _ in named}
    counts = {len(v) for v in values.values()}
    if len(counts) > 1:
        what = f"its inputs have {' and '.join(map(str, sorted(counts)))} samples"
        raise _unusable(path, what, model)
    key = next((key for key in LABELS if key in arrays and key not in names), None)
    labels = None if key is None else classes_of(path, key, arrays[key], counts.pop())
    return model.put_together(values), labels


def _of_port(
    model: Model,
    port: Port,
    arrays: Mapping[str, NDArray[np.generic]],
    keys: tuple[str, str],
    path: Path,
) -> NDArray[np.int8]:
    """Values of one input, int8 [n, H, W, C]. keys: of stored and of real ones, or both in one."""
    key = next((k for k in keys if k in arrays), None)
    view = port.view(model)
    if key is None:
        found = ", ".join(arrays) or "nothing"
        wanted = " nor ".join(f"'{k}'" for k in dict.fromkeys(keys))
        word = "neither " if len(set(keys)) > 1 else "no "
        raise _unusable(path, f"it has {word}{wanted}, only {found}", model)
    given = arrays[key]
    if key == STORED and given.dtype not in (np.int8, np.uint8):
        raise _unusable(path, f"'{key}' holds {given.dtype}, not int8", model)
    if given.dtype.kind not in "fiu":
        raise _unusable(path, f"'{key}' holds {given.dtype}, not numbers", model)
    if given.ndim < 2 or not len(given) or given[0].size != view.size:
        shape = "x".join(map(str, given.shape))
        wanted = "x".join(map(str, ("n", *view.onnx_shape[1:])))
        whose = f"the images of '{key}'" if model.beside else "its images"
        raise _unusable(path, f"{whose} are {shape}, the network wants {wanted}", model)
    ordered = _in_order(given, view)
    if key == REAL or given.dtype not in (np.int8, np.uint8):
        if not np.isfinite(given).all():
            raise _unusable(path, f"some values of '{key}' are infinite or not a number", model)
        ordered = port.stored(model, ordered)
    return np.stack([view.from_onnx(image) for image in ordered])


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


def _unusable(path: Path, what: str, model: Model | None = None) -> UsageError:
    """The error for a file of images; the hint says how this model's is to be written."""
    hint = (
        f"save it with numpy.savez(FILE, {STORED}=int8 images in the shape of the ONNX "
        f"input, or {REAL}=real ones)"
    )
    if model is not None and model.beside:
        names = ", ".join(port.name for port in model.inputs)
        hint = f"save it with numpy.savez(FILE, **arrays), an array [n, ...] for each of: {names}"
    return UsageError(Problem(str(path), what, hint))
