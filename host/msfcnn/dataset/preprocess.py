"""From pixels to the numbers a network takes, as data; kept in a YAML file beside the model."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfcnn.errors import Problem, UsageError
from msfcnn.ir import Pixels

SUFFIX = ".preprocess.yaml"
LAYOUTS = ("NCHW", "NHWC")
COLORS = ("rgb", "bgr", "gray")
FITS = ("stretch", "crop")
PIXELS = (1, 255)
BANNER = "# How pictures become the input of this model; written by `msfcnn quantize`.\n"


@dataclass(frozen=True)
class Preprocessing:
    """value = (pixel - mean) / std, with pixels from 0 to `pixels`.

    size:   height and width of the network's input; pictures are resized to it.
    color:  rgb, bgr or gray: the channels and their order.
    layout: NCHW or NHWC: where the channels are in the network's input.
    pixels: 1 or 255: what white is before mean and std.
    mean, std: one number, or one per channel in the order of `color`.
    fit:    stretch: both sides to the size; crop: the middle, its proportions kept.
    labels: names of the classes in the order of the network's scores; empty if unknown.
    scale, zero_point: of the int8 input: q = round(value / scale) + zero_point; None for a float
    network.
    """

    size: tuple[int, int]
    color: str = "rgb"
    layout: str = "NCHW"
    pixels: int = 1
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    fit: str = "stretch"
    labels: tuple[str, ...] = ()
    scale: float | None = None
    zero_point: int | None = None

    @property
    def channels(self) -> int:
        """How many channels a pixel has."""
        return 1 if self.color == "gray" else 3

    @property
    def described(self) -> Pixels:
        """What a model keeps of it."""
        return Pixels(
            color=self.color, white=self.pixels, mean=self.mean, std=self.std, labels=self.labels
        )

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and the highest value that a pixel can become in any channel."""
        mean, std = np.array(self.mean), np.array(self.std)
        black, white = (0 - mean) / std, (self.pixels - mean) / std
        return (float(black.min()), float(white.max()))

    def values(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Network inputs [n, C, H, W] or [n, H, W, C] from pixels [n, H, W, C] in RGB or gray."""
        ordered = pixels[..., ::-1] if self.color == "bgr" else pixels
        scaled = ordered.astype(np.float32) * np.float32(self.pixels / 255)
        values = (scaled - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        moved = values.transpose(0, 3, 1, 2) if self.layout == "NCHW" else values
        return np.ascontiguousarray(moved, dtype=np.float32)

    def to_yaml(self) -> str:
        """The text of the file."""
        import yaml

        data = {
            field.name: list(value) if isinstance(value, tuple) else value
            for field in fields(self)
            if (value := getattr(self, field.name)) not in (None, ())
        }
        return BANNER + yaml.safe_dump(data, sort_keys=False, default_flow_style=None)


def preprocessing_for(shape: tuple[int, ...], given: Mapping[str, Any]) -> Preprocessing:
    """The preprocessing for a network input of this shape (batch included).

    given: what the user says, by field; the rest follows from the shape. Raises UsageError.
    """
    layout, channels, size = _read_shape(shape, given.get("layout"))
    if 0 in size:
        what = "the network leaves its height or width open"
        raise UsageError(Problem("input", what, "give --size HxW"))
    color = given.get("color") or ("gray" if channels == 1 else "rgb")
    chosen = Preprocessing(size=size, color=color, layout=layout)
    chosen = replace(chosen, **{k: v for k, v in given.items() if v is not None})
    problems = _problems(chosen, channels, size)
    if problems:
        raise UsageError(*problems)
    return chosen


def preprocessing_file(model: Path) -> Path:
    """NAME.preprocess.yaml beside NAME.onnx."""
    return model.with_name(model.stem + SUFFIX)


def read_preprocessing(path: Path) -> Preprocessing:
    """What a file says. Raises UsageError that names the file and the key."""
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        what = f"cannot be read: {str(error).splitlines()[0]}"
        raise UsageError(Problem(str(path), what, "run `msfcnn quantize` again")) from None
    if not isinstance(data, dict) or "size" not in data:
        what = "is no preprocessing file: it has no key 'size'"
        raise UsageError(Problem(str(path), what, "run `msfcnn quantize` again"))
    values, problems = {}, []
    for key, value in data.items():
        reader = _READERS.get(str(key))
        if reader is None:
            problems.append(Problem(str(path), f"has an unknown key '{key}'", _KEYS))
            continue
        try:
            values[str(key)] = reader(value)
        except (TypeError, ValueError):
            problems.append(Problem(str(path), f"its '{key}' cannot be {value!r}", _KEYS))
    if not problems:
        read = Preprocessing(**values)
        complaints = _problems(read, read.channels, read.size)
        problems = [replace(p, where=f"{path}: {p.where}") for p in complaints]
    if problems:
        raise UsageError(*problems)
    return Preprocessing(**values)


def _read_shape(shape: tuple[int, ...], layout: str | None) -> tuple[str, int, tuple[int, int]]:
    """(layout, channels, (height, width)) of a network's input.

    Without a layout the axis with 1 or 3 indices is that of the channels, the first if both have.
    Raises UsageError for shapes of other than four axes.
    """
    if len(shape) != 4:
        wanted = "x".join(map(str, shape[1:]))
        what = f"the network takes inputs of {wanted}, not pictures"
        hint = "give an .npz or .npy file of arrays in that shape"
        raise UsageError(Problem("input", what, hint))
    _, first, second, last = shape
    found = layout or ("NCHW" if first in (1, 3) or last not in (1, 3) else "NHWC")
    if found == "NHWC":
        return found, last, (first, second)
    return found, first, (second, last)


def _problems(chosen: Preprocessing, channels: int, size: tuple[int, int]) -> list[Problem]:
    """All that is wrong with a choice. channels, size: those of the network's input."""
    found = []
    for name, value, allowed in (
        ("layout", chosen.layout, LAYOUTS),
        ("color", chosen.color, COLORS),
        ("fit", chosen.fit, FITS),
        ("pixels", chosen.pixels, PIXELS),
    ):
        if value not in allowed:
            hint = f"use one of {', '.join(map(str, allowed))}"
            found.append(Problem(name, f"cannot be {value}", hint))
    if channels not in (1, 3) or channels != chosen.channels:
        what = f"'{chosen.color}' has {chosen.channels} channels, the network takes {channels}"
        found.append(Problem("color", what, "pictures give 1 (gray) or 3 (rgb, bgr) channels"))
    if chosen.size != size:
        what = f"is {chosen.size[0]}x{chosen.size[1]}, the network takes {size[0]}x{size[1]}"
        found.append(Problem("size", what, "leave it out: it follows from the network"))
    for name, values in (("mean", chosen.mean), ("std", chosen.std)):
        if len(values) not in (1, chosen.channels):
            hint = f"give one number, or {chosen.channels}"
            found.append(Problem(name, f"has {len(values)} numbers", hint))
        if not all(math.isfinite(value) for value in values):
            found.append(Problem(name, "has a number that is not finite", "leave it out"))
    if any(value <= 0 for value in chosen.std):
        found.append(Problem("std", "has a number that is not above 0", "leave it out for 1"))
    return found


def _pair(value: Any) -> tuple[int, int]:
    """Height and width of a YAML list. Raises TypeError or ValueError, like all _READERS."""
    height, width = value
    return (int(height), int(width))


def _numbers(value: Any) -> tuple[float, ...]:
    return tuple(float(v) for v in (value if isinstance(value, list) else [value]))


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(str(name) for name in value)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "size": _pair,
    "color": str,
    "layout": str,
    "pixels": int,
    "mean": _numbers,
    "std": _numbers,
    "fit": str,
    "labels": _names,
    "scale": float,
    "zero_point": int,
}
_KEYS = f"its keys are {', '.join(_READERS)}"
