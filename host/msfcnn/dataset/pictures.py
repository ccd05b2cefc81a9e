"""A directory of pictures: PNG, JPEG or BMP; the names of subdirectories are the classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfcnn.dataset.preprocess import Preprocessing
from msfcnn.errors import Problem, UsageError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
WHITE_16 = 65535  # of a picture of 16 bits
NAMED = 3  # unreadable files that a message names; the rest is counted


@dataclass(frozen=True)
class Listing:
    """Picture files, the class of each (-1: none) and the names of the classes."""

    files: tuple[Path, ...]
    labels: tuple[int, ...]
    names: tuple[str, ...]


def list_pictures(directory: Path, known: Sequence[str] = ()) -> Listing:
    """The pictures below a directory, in the order of their names.

    known: names of the classes in the order of the network's scores; by default the subdirectories
    in the order of their names (of their numbers, if all are numbers). Raises UsageError.
    """
    files = sorted(f for f in directory.rglob("*") if f.suffix.lower() in SUFFIXES and f.is_file())
    if not files:
        hint = f"put {', '.join(SUFFIXES)} files there, one subdirectory for each class"
        raise UsageError(Problem(str(directory), "holds no pictures", hint))
    folders = sorted({f.parent.name for f in files if f.parent != directory})
    if not folders:
        return Listing(tuple(files), (-1,) * len(files), tuple(known))
    if known:
        strangers = [name for name in folders if name not in known]
        if strangers:
            what = f"has classes that the model does not know: {', '.join(strangers[:NAMED])}"
            hint = f"its classes are {', '.join(known)}"
            raise UsageError(Problem(str(directory), what, hint))
        names = tuple(known)
    elif all(name.isdecimal() for name in folders):
        names = tuple(str(i) for i in range(max(map(int, folders)) + 1))
        index = {name: int(name) for name in folders}
        return Listing(tuple(files), tuple(index.get(f.parent.name, -1) for f in files), names)
    else:
        names = tuple(folders)
    index = {name: i for i, name in enumerate(names)}
    return Listing(tuple(files), tuple(index.get(f.parent.name, -1) for f in files), names)


def read_pictures(files: Sequence[Path], wanted: Preprocessing) -> NDArray[np.uint8]:
    """Pixels [n, H, W, C], RGB or gray, in the size of the network. Raises UsageError."""
    image = _pillow()
    pixels = []
    unreadable = []
    for file in files:
        try:
            with image.open(file) as picture:
                pixels.append(_fitted(picture, wanted))
        except (OSError, ValueError, SyntaxError, image.DecompressionBombError):
            unreadable.append(str(file))
    if unreadable:
        more = len(unreadable) - NAMED
        named = ", ".join(unreadable[:NAMED]) + (f" and {more} more" if more > 0 else "")
        hint = "remove or replace them"
        raise UsageError(Problem(named, "cannot be read as pictures", hint))
    return np.stack(pixels)


def fit_pixels(array: NDArray[np.uint8], wanted: Preprocessing) -> NDArray[np.uint8]:
    """Stored pixels [n, H, W] or [n, H, W, C] as read_pictures gives them."""
    image = _pillow()
    return np.stack([_fitted(image.fromarray(a.squeeze()), wanted) for a in array])


def _fitted(picture: Any, wanted: Preprocessing) -> NDArray[np.uint8]:
    """Pixels [H, W, C] of a picture in the size and colors of the network.

    Turned upright first: cameras store the sensor's rows and say in EXIF how they were held.
    """
    from PIL import Image, ImageOps

    upright = _of_bytes(ImageOps.exif_transpose(picture))
    converted = upright.convert("L" if wanted.color == "gray" else "RGB")
    height, width = wanted.size
    if wanted.fit == "crop":
        resized = ImageOps.fit(converted, (width, height), Image.Resampling.BILINEAR)
    elif converted.size != (width, height):
        resized = converted.resize((width, height), Image.Resampling.BILINEAR)
    else:
        resized = converted
    return np.asarray(resized, np.uint8).reshape(height, width, wanted.channels)


def _of_bytes(picture: Any) -> Any:
    """A gray picture of 16 bits in 8: Pillow's own conversion makes white of all above 255."""
    if not picture.mode.startswith("I"):
        return picture
    wide = np.clip(np.asarray(picture, np.int64), 0, WHITE_16)
    return _pillow().fromarray(((wide * 255 + WHITE_16 // 2) // WHITE_16).astype(np.uint8))


def _pillow() -> Any:
    """The module PIL.Image, which is an extra. Raises UsageError with the command to install it."""
    try:
        from PIL import Image
    except ImportError:
        hint = "pip install 'msfcnn[quantize]'"
        raise UsageError(Problem("Pillow", "is not installed", hint)) from None
    return Image
