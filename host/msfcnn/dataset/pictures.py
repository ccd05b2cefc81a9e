"""A directory of pictures in the formats that Pillow reads; names of subdirectories are classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfcnn.dataset.preprocess import Preprocessing
from msfcnn.errors import Problem, UsageError

USUAL = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
RARER = (".avif", ".jfif", ".jp2", ".jpe", ".pbm", ".pgm", ".pnm", ".ppm", ".qoi", ".tga")
SUFFIXES = (*USUAL, *RARER)
WHITE_16 = 65535  # of a picture of 16 bits
NAMED = 3  # files that a message names; the rest is counted
SYSTEM_FILES = frozenset({"Thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Listing:
    """Picture files, the class of each (-1: none) and the names of the classes.

    skipped: other files of the directory, which nobody has hidden.
    """

    files: tuple[Path, ...]
    labels: tuple[int, ...]
    names: tuple[str, ...]
    skipped: tuple[Path, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out."""
        return (f"skipped, no pictures: {_named(self.skipped)}",) if self.skipped else ()


def list_pictures(directory: Path, known: Sequence[str] = ()) -> Listing:
    """The pictures below a directory, in the order of their names.

    known: names of the classes in the order of the network's scores; by default the subdirectories
    in the order of their names (of their numbers, if all are numbers). Raises UsageError.
    """
    shown = [path for path in directory.rglob("*") if not _is_hidden(path, directory)]
    found = sorted(path for path in shown if path.is_file())
    files = tuple(f for f in found if f.suffix.lower() in SUFFIXES)
    skipped = tuple(f for f in found if f.suffix.lower() not in SUFFIXES)
    if not files:
        hint = f"put {', '.join(USUAL)} files there, one subdirectory for each class"
        raise UsageError(Problem(str(directory), "holds no pictures", hint))
    folders = {f.parent.name for f in files if f.parent != directory}
    if not folders:
        return Listing(files, (-1,) * len(files), tuple(known), skipped)
    # a class of which there is no picture counts in the order of scores all the same
    bare = {d.name for d in shown if d.is_dir() and not any(p.is_dir() for p in d.iterdir())}
    index, names = _classes(directory, sorted(folders), sorted(folders | bare), known)
    return Listing(files, tuple(index.get(f.parent.name, -1) for f in files), names, skipped)


def _classes(
    directory: Path, folders: Sequence[str], every: Sequence[str], known: Sequence[str]
) -> tuple[Mapping[str, int], tuple[str, ...]]:
    """The score of each subdirectory, and the names of the classes by score.

    folders: with pictures; every: those without, too. Raises UsageError.
    """
    if known:
        strangers = [name for name in folders if name not in known]
        if strangers:
            what = f"has classes that the model does not know: {', '.join(strangers[:NAMED])}"
            hint = f"its classes are {', '.join(known)}"
            raise UsageError(Problem(str(directory), what, hint))
        names = tuple(known)
    elif all(name.isdecimal() for name in folders):
        index = {name: int(name) for name in every if name.isdecimal()}
        return index, tuple(str(i) for i in range(max(index.values()) + 1))
    else:
        names = tuple(every)
    return {name: i for i, name in enumerate(names)}, names


def _is_hidden(path: Path, directory: Path) -> bool:
    """Whether editors, archivers or the operating system put a path there for themselves."""
    parts = path.relative_to(directory).parts
    return any(part.startswith((".", "__MACOSX")) or part in SYSTEM_FILES for part in parts)


def _named(files: Sequence[Path]) -> str:
    """A few of some files by name, and how many more there are."""
    more = len(files) - NAMED
    return ", ".join(map(str, files[:NAMED])) + (f" and {more} more" if more > 0 else "")


def read_pictures(files: Sequence[Path], wanted: Preprocessing) -> NDArray[np.uint8]:
    """Pixels [n, H, W, C], RGB or gray, in the size of the network. Raises UsageError."""
    image = _pillow()
    pixels = []
    unreadable = []
    real = []
    for file in files:
        try:
            with image.open(file) as picture:
                if picture.mode == "F":
                    real.append(file)
                else:
                    pixels.append(_fitted(picture, wanted))
        except (OSError, ValueError, SyntaxError, image.DecompressionBombError):
            unreadable.append(file)
    problems = []
    if unreadable:
        hint = "remove or replace them"
        problems.append(Problem(_named(unreadable), "cannot be read as pictures", hint))
    if real:
        hint = "save the inputs as they are in an .npz file (x), or pictures of 8 or 16 bits"
        problems.append(Problem(_named(real), "hold real numbers, not pixels", hint))
    if problems:
        raise UsageError(*problems)
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
