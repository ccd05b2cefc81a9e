"""`load_samples`: whatever people have, as inputs of a network.

Pictures and uint8 arrays are pixels and go through a Preprocessing; float arrays are inputs as they
are; x_q arrays are stored int8 values of a network whose scale is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfcnn.dataset.arrays import Arrays, read_arrays, read_inputs
from msfcnn.dataset.pictures import fit_pixels, list_pictures, read_pictures
from msfcnn.dataset.preprocess import Preprocessing, preprocessing_for
from msfcnn.errors import Problem, UsageError


@dataclass(frozen=True, eq=False)
class Loaded:
    """Inputs float32 [n, ...] without batch, their classes (-1: unknown) if there are any.

    inputs: by name if the network has several; then `images` are those of the first.
    preprocessing: how they were made from pixels; None if they came as real numbers.
    notes: what the user should know about how they were read.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64] | None
    preprocessing: Preprocessing | None
    notes: tuple[str, ...]
    inputs: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def whole(self) -> NDArray[np.float32] | Mapping[str, NDArray[np.float32]]:
        """All that the network takes."""
        return self.inputs or self.images


def load_samples(
    path: Path,
    shapes: Mapping[str, tuple[int, ...]] | tuple[int, ...],
    given: Mapping[str, Any] | None = None,
    limit: int | None = None,
) -> Loaded:
    """Inputs for a network from a directory of pictures, an .npz or an .npy file.

    shapes: of the network's input, batch included; by name if there are several, which come from an
    .npz file with an array for each. given: fields of Preprocessing that the user or
    a file beside the model tells. limit: take at most so many, evenly spread. Raises UsageError.
    """
    given = {k: v for k, v in (given or {}).items() if v is not None}
    if not isinstance(shapes, tuple) and len(shapes) > 1:
        return _several(path, list(shapes), limit)
    shape = shapes if isinstance(shapes, tuple) else next(iter(shapes.values()))
    if path.is_dir():
        return _from_pictures(path, preprocessing_for(shape, given), given, limit)
    arrays = read_arrays(path)
    chosen = _spread(len(arrays.images), limit)
    labels = None if arrays.labels is None else arrays.labels[chosen]
    images = arrays.images[chosen]
    notes = (*arrays.notes, *_limited(len(arrays.images), len(images)))
    if images.dtype == np.uint8 and not arrays.quantized:
        wanted = preprocessing_for(shape, given)
        pixels = fit_pixels(_as_pixels(path, images), wanted)
        return Loaded(
            images=wanted.values(pixels),
            labels=labels,
            preprocessing=wanted,
            notes=(*notes, *_assumed(wanted, given)),
        )
    unused = sorted({"mean", "std", "pixels", "color", "fit"} & set(given))
    if unused and "scale" not in given:
        options = ", ".join(f"--{name}" for name in unused)
        notes = (*notes, f"{path.name} holds real numbers: {options} not used")
    return Loaded(
        images=_real(path, arrays, images, given), labels=labels, preprocessing=None, notes=notes
    )


def _several(path: Path, names: Sequence[str], limit: int | None) -> Loaded:
    """An array for each input of a network; stored integers count as the numbers they are."""
    arrays = read_inputs(path, names)
    count = len(arrays.inputs[names[0]])
    chosen = _spread(count, limit)
    inputs = {name: values[chosen].astype(np.float32) for name, values in arrays.inputs.items()}
    labels = None if arrays.labels is None else arrays.labels[chosen]
    notes = (*arrays.notes, *_limited(count, len(chosen)))
    return Loaded(
        images=inputs[names[0]], labels=labels, preprocessing=None, notes=notes, inputs=inputs
    )


def _from_pictures(
    path: Path, wanted: Preprocessing, given: Mapping[str, Any], limit: int | None
) -> Loaded:
    """The pictures of a directory; only those that are taken are opened."""
    listing = list_pictures(path, wanted.labels)
    chosen = _spread(len(listing.files), limit)
    files = [listing.files[i] for i in chosen]
    labels = np.array([listing.labels[i] for i in chosen], np.int64)
    values = wanted.values(read_pictures(files, wanted))
    named = replace(wanted, labels=listing.names)
    counted = _limited(len(listing.files), len(files))
    notes = (*listing.notes, *counted, *_assumed(wanted, given))
    return Loaded(
        images=values,
        labels=labels if (labels >= 0).any() else None,
        preprocessing=named,
        notes=notes,
    )


def _real(
    path: Path, arrays: Arrays, images: NDArray[np.generic], given: Mapping[str, Any]
) -> NDArray[np.float32]:
    """Images that are no pixels as real numbers, in the shape that the file has.

    Raises UsageError for stored values without `scale` and `zero_point` in given, for integers that
    are neither, and for what float32 cannot hold.
    """
    if arrays.quantized:
        scale, zero = given.get("scale"), given.get("zero_point")
        if scale is None or zero is None:
            what = "it has stored int8 values (x_q) only"
            hint = "a float network needs real ones: save them as x"
            raise UsageError(Problem(str(path), what, hint))
        steps = images.astype(np.float32) - np.float32(zero)
        return np.asarray(steps * np.float32(scale), np.float32)
    if images.dtype.kind != "f":
        what = f"it holds {images.dtype}, neither real numbers nor pixels (uint8)"
        raise UsageError(Problem(str(path), what, "save float32 or uint8 arrays"))
    with np.errstate(over="ignore"):
        values = images.astype(np.float32)
    if not np.isfinite(values).all():
        what = "some of its values are infinite, too large or not a number"
        raise UsageError(Problem(str(path), what, "check how the file was made"))
    return values


def _as_pixels(path: Path, images: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Pixels [n, H, W] or [n, H, W, C], moved from [n, C, H, W] where only that fits.

    Raises UsageError for other shapes.
    """
    pixels = images.astype(np.uint8)
    if pixels.ndim == 4 and pixels.shape[1] in (1, 3) and pixels.shape[-1] not in (1, 3):
        pixels = pixels.transpose(0, 2, 3, 1)
    if pixels.ndim == 3 or (pixels.ndim == 4 and pixels.shape[-1] in (1, 3)):
        return pixels
    shape = "x".join(map(str, pixels.shape))
    what = f"its pixels are {shape}"
    hint = "pixels (uint8) are [n, H, W], [n, H, W, C] or [n, C, H, W] with C 1 or 3"
    raise UsageError(Problem(str(path), what, hint))


def _assumed(wanted: Preprocessing, given: Mapping[str, Any]) -> tuple[str, ...]:
    """What nobody said about pixels is said aloud."""
    if {"mean", "std", "pixels"} & set(given):
        return ()
    return (
        f"pixels taken as 0 to {wanted.pixels}, {wanted.color}, without mean and std; "
        "if the network was trained otherwise, give --pixels, --mean and --std",
    )


def _spread(count: int, limit: int | None) -> NDArray[np.intp]:
    """Indices of at most `limit` of `count` samples, evenly: files are often sorted by class."""
    if not limit or count <= limit:
        return np.arange(count)
    return np.linspace(0, count - 1, limit).astype(np.intp)


def _limited(count: int, taken: int) -> tuple[str, ...]:
    return () if taken == count else (f"{taken} of {count} images taken, evenly spread",)
