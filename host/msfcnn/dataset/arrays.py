"""Images in .npz and .npy files: which array is which, and what is no image.

Nothing is executed: pickled objects in a file are refused. An .npy file is one array, the images.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msfcnn.errors import Problem, UsageError

REAL = "x"  # images as the float network takes them, or pixels (uint8)
STORED = "x_q"  # int8 (or uint8) as the quantized network stores them
LABELS = ("labels", "y")  # class of each image, -1 for unknown; [n], or one score each [n, classes]
DESCRIPTIVE = ("names", "y_")  # of networks that ship with their own results: expected to be there
HINT = f"save it with numpy.savez(FILE, {REAL}=images, labels=classes)"


@dataclass(frozen=True, eq=False)
class Arrays:
    """images as stored in the file, whether they are stored int8 values (x_q), classes, notes."""

    images: NDArray[np.generic]
    quantized: bool
    labels: NDArray[np.int64] | None
    notes: tuple[str, ...]


def read_arrays(path: Path, prefer_stored: bool = False) -> Arrays:
    """The images and classes in a file.

    An array that is called otherwise is taken if it is the only one; any that is not used is told
    of in the notes, so that a misspelled "label" does not go unseen.
    prefer_stored: take x_q where the file has both. Raises UsageError.
    """
    arrays = load_arrays(path)
    order = (STORED, REAL) if prefer_stored else (REAL, STORED)
    key = next((k for k in order if k in arrays), "")
    if not key:
        others = [k for k in arrays if k not in LABELS]
        if len(others) != 1:
            found = ", ".join(arrays) or "nothing"
            raise _unusable(path, f"it has neither '{REAL}' nor '{STORED}', only {found}")
        key = others[0]
    images = arrays[key]
    if images.dtype.kind not in "fiu":
        raise _unusable(path, f"'{key}' holds {images.dtype}, not numbers")
    if images.ndim < 2 or not images.size:
        raise _unusable(path, "it holds no images")
    labels, notes = None, []
    for name in LABELS:
        if name in arrays:
            labels = classes_of(path, name, arrays[name], len(images))
            break
    used = {key, STORED, REAL, *LABELS}
    strange = [k for k in arrays if k not in used and not k.startswith(DESCRIPTIVE)]
    if strange:
        known = ", ".join((REAL, STORED, *LABELS))
        notes.append(f"{path.name}: not used: {', '.join(strange)} (known are {known})")
    return Arrays(images, key == STORED, labels, tuple(notes))


@dataclass(frozen=True, eq=False)
class Inputs:
    """Arrays [n, ...] by input of a network, classes, notes."""

    inputs: dict[str, NDArray[np.generic]]
    labels: NDArray[np.int64] | None
    notes: tuple[str, ...]


def read_inputs(path: Path, names: Sequence[str]) -> Inputs:
    """An array for each input of a network from an .npz file, called as the inputs are.

    names: of the inputs. All arrays must have the same number of samples. Raises UsageError.
    """
    hint = f"give an .npz file with an array [n, ...] for each of {', '.join(names)}"
    if path.is_dir():
        what = f"holds pictures, the network has {len(names)} inputs"
        raise UsageError(Problem(str(path), what, hint))
    arrays = load_arrays(path)
    missing = [name for name in names if name not in arrays]
    if missing:
        what = f"has no array '{missing[0]}', only {', '.join(arrays) or 'nothing'}"
        raise UsageError(Problem(str(path), what, hint))
    found = {name: arrays[name] for name in names}
    for name, values in found.items():
        if values.dtype.kind not in "fiu" or values.ndim < 2 or not values.size:
            what = f"'{name}' holds {values.dtype} {list(values.shape)}, not numbers [n, ...]"
            raise UsageError(Problem(str(path), what, hint))
        if not np.isfinite(values.astype(np.float32)).all():
            what = f"some values of '{name}' are infinite, too large or not a number"
            raise UsageError(Problem(str(path), what, "check how the file was made"))
    counts = {len(values) for values in found.values()}
    if len(counts) > 1:
        counted = " and ".join(map(str, sorted(counts)))
        raise UsageError(Problem(str(path), f"its inputs have {counted} samples", hint))
    count = counts.pop()
    given = next((name for name in LABELS if name in arrays and name not in names), None)
    labels = None if given is None else classes_of(path, given, arrays[given], count)
    used = {*names, *LABELS}
    strange = [k for k in arrays if k not in used and not k.startswith(DESCRIPTIVE)]
    known = ", ".join((*names, *LABELS))
    notes = (f"{path.name}: not used: {', '.join(strange)} (known are {known})",) if strange else ()
    return Inputs(found, labels, notes)


def load_arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    """The arrays of an .npz file by name; that of an .npy file as REAL. Raises UsageError."""
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {REAL: loaded}
        with loaded:
            return {k: v for k in loaded.files if isinstance(v := loaded[k], np.ndarray)}
    except FileNotFoundError:
        raise UsageError(Problem(str(path), "no such file")) from None
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile, zlib.error):
        raise _unusable(path, "it is neither an .npz nor an .npy file of numbers") from None


def classes_of(path: Path, key: str, values: NDArray[np.generic], count: int) -> NDArray[np.int64]:
    """The class of each of `count` images, int64 [count].

    values: numbers of classes, or scores [count, classes] (one-hot, say), of which the largest
    counts. Raises UsageError for other shapes and for classes that are no whole numbers.
    """
    flat = values.reshape(count, -1) if values.size and values.size % count == 0 else values
    if values.shape[:1] != (count,) or flat.ndim != 2:
        raise _unusable(path, f"it has {values.size} values in '{key}' for {count} images")
    if flat.shape[1] > 1:
        return np.asarray(flat.argmax(axis=1), np.int64)
    if values.dtype.kind not in "iub":
        raise _unusable(path, f"'{key}' holds {values.dtype}, not the numbers of classes")
    classes = np.asarray(flat[:, 0], np.int64)
    if classes.min() < -1:
        raise _unusable(path, f"'{key}' has the class {classes.min()}; -1 is an unknown one")
    return classes


def _unusable(path: Path, what: str) -> UsageError:
    return UsageError(Problem(str(path), what, HINT))
