"""A small line plot as coordinates, which page.html draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT = 200, 44
_LEFT, _RIGHT, _TOP = 6, 70, 8


@dataclass(frozen=True)
class Point:
    """A run. `value`: None where there is none; `mark`: accepted, refused or nothing."""

    name: str
    value: float | None
    mark: str


@dataclass(frozen=True)
class Mark:
    """A text, or a point with a text, at a place; `kind`: accepted, refused or nothing."""

    x: float
    y: float
    title: str
    kind: str = ""


@dataclass(frozen=True)
class Plot:
    """A line through `marks`, with gaps; `path` is its SVG, `words` are its extremes."""

    path: str
    marks: tuple[Mark, ...]
    words: tuple[Mark, ...]
    label: str
    width: int = _WIDTH
    height: int = _HEIGHT


def plot(points: Sequence[Point], unit: str) -> Plot | None:
    """The points from left to right, a gap where there is no value; None without any value."""
    values = [point.value for point in points if point.value is not None]
    if not values:
        return None
    low, high = min(values), max(values)
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(points) - 1)
    marks, path, pen = [], [], "M"
    for index, point in enumerate(points):
        if point.value is None:
            pen = "M"
            continue
        x, y = round(_LEFT + index * step, 1), round(_height(point.value, low, high), 1)
        marks.append(Mark(x, y, f"{point.name}: {_text(point.value)} {unit}", point.mark))
        path.append(f"{pen}{x} {y}")
        pen = "L"
    extremes = dict.fromkeys((high, low))
    beside = _WIDTH - _RIGHT + 10
    words = tuple(Mark(beside, _height(v, low, high) + 3, _text(v)) for v in extremes)
    label = f"from {_text(values[0])} to {_text(values[-1])} {unit}"
    return Plot(path=" ".join(path), marks=tuple(marks), words=words, label=label)


def _height(value: float, low: float, high: float) -> float:
    if high == low:
        return _HEIGHT / 2
    return _TOP + (high - value) / (high - low) * (_HEIGHT - 2 * _TOP)


def _text(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or value >= 1000 else f"{value:.4g}"
