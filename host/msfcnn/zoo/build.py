"""Builds a network of the zoo by name."""

from __future__ import annotations

import onnx

from msfcnn.errors import Problem, UsageError
from msfcnn.suggest import did_you_mean
from msfcnn.zoo.entries import ENTRIES, NAMES, Entry
from msfcnn.zoo.networks import Variant
from msfcnn.zoo.qdq import write
from msfcnn.zoo.weights import condition

SMALLEST, LARGEST = 16, 512  # pixels of an image
WIDEST = 4.0
MOST_CHANNELS, MOST_CLASSES = 256, 100_000


def build(
    name: str,
    *,
    width: float | None = None,
    resolution: int | None = None,
    channels: int | None = None,
    classes: int | None = None,
    seed: int = 0,
) -> onnx.ModelProto:
    """A network as int8 QDQ ONNX with seeded weights; the same arguments give the same bytes.

    width: factor on all channels. resolution: height and width of the image in pixels. channels:
    of the image. classes: scores of the network, or of each place or anchor. What is None is as
    published (zoo/entries.py). Raises UsageError for an unknown name or an impossible size.
    Example: build("mbv2", width=0.35, resolution=144).
    """
    entry = _find(name)
    problems = [
        *_out_of_range(entry, width, resolution),
        *_outside("--channels", channels, 1, MOST_CHANNELS),
        *_outside("--classes", classes, 2, MOST_CLASSES),
        *_outside("--seed", seed, 0, 2**32 - 1),
    ]
    if problems:
        raise UsageError(*problems)
    height, image_width, image_channels = entry.image
    if resolution is not None:
        height = image_width = resolution
    request = Variant(
        (height, image_width, channels or image_channels),
        width or entry.width,
        classes or entry.classes,
    )
    net = entry.draw(request)
    return write(entry.name, net, condition(net, seed))


def _find(name: str) -> Entry:
    """The entry of a name. Raises UsageError, which lists all names, the closest one first."""
    for entry in ENTRIES:
        if entry.name == name:
            return entry
    hint = f"{did_you_mean(name, NAMES)} there are {', '.join(NAMES)}".strip()
    raise UsageError(Problem(name, "there is no such network", hint))


def _out_of_range(entry: Entry, width: float | None, resolution: int | None) -> list[Problem]:
    """What is wrong with a width or a resolution, all at once."""
    problems = []
    if width is not None and not entry.scalable:
        problems.append(Problem("--width", f"{entry.name} has no width multiplier", "leave it out"))
    elif width is not None and not 0 < width <= WIDEST:
        problems.append(
            Problem("--width", f"{width} is out of range", f"write a number up to {WIDEST}")
        )
    if resolution is None:
        return problems
    if entry.image[0] != entry.image[1]:
        shape = "x".join(map(str, entry.image[:2]))
        problems.append(
            Problem("--resolution", f"the input of {entry.name} is {shape}", "leave it out")
        )
    elif not SMALLEST <= resolution <= LARGEST:
        hint = f"write {SMALLEST} to {LARGEST}"
        problems.append(Problem("--resolution", f"{resolution} is out of range", hint))
    elif resolution % entry.multiple:
        below = resolution // entry.multiple * entry.multiple
        hint = f"write {max(below, SMALLEST)} or {below + entry.multiple}"
        what = f"{entry.name} needs a multiple of {entry.multiple}, {resolution} is none"
        problems.append(Problem("--resolution", what, hint))
    return problems


def _outside(where: str, value: int | None, least: int, most: int) -> list[Problem]:
    """The problem of a number that is out of range; none for one that is left out."""
    if value is None or least <= value <= most:
        return []
    return [Problem(where, f"{value} is out of range", f"write {least} to {most}")]
