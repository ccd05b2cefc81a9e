"""A small line plot as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 200, 44
_LEFT, _RIGHT, _TOP = 6, 70, 8


@dataclass(frozen=True)
class Point:
    """A run. `value`: None where there is none; `mark`: accepted, refused or nothing."""

    name: str
    value: float | None
    mark: str


def plot(points: Sequence[Point], unit: str) -> str:
    """The points from left to right, a gap where there is no value, the extremes in words."""
    values = [point.value for point in points if point.value is not None]
    if not values:
        return ""
    low, high = min(values), max(values)
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(points) - 1)
    places = [
        (_LEFT + index * step, _height(point.value, low, high), point)
        for index, point in enumerate(points)
        if point.value is not None
    ]
    marks = "".join(_mark(x, y, point, unit) for x, y, point in places)
    words = _words(_WIDTH - _RIGHT + 10, _TOP + 3, high) if high > low else ""
    words += _words(_WIDTH - _RIGHT + 10, _height(low, low, high) + 3, low)
    return (
        f'<svg width={_WIDTH} height={_HEIGHT} role=img aria-label="from {_text(values[0])} to '
        f'{_text(values[-1])} {unit}"><path d="{_path(points, step, low, high)}"/>{marks}{words}'
        "</svg>"
    )


def _path(points: Sequence[Point], step: float, low: float, high: float) -> str:
    words, pen_down = [], False
    for index, point in enumerate(points):
        if point.value is None:
            pen_down = False
            continue
        x, y = _LEFT + index * step, _height(point.value, low, high)
        words.append(f"{'L' if pen_down else 'M'}{x:.1f} {y:.1f}")
        pen_down = True
    return " ".join(words)


def _mark(x: float, y: float, point: Point, unit: str) -> str:
    kind = f" class={point.mark}" if point.mark else ""
    radius = 3 if point.mark else 2
    title = escape(f"{point.name}: {_text(point.value or 0)} {unit}")
    return f"<circle cx={x:.1f} cy={y:.1f} r={radius}{kind}><title>{title}</title></circle>"


def _words(x: float, y: float, value: float) -> str:
    return f"<text x={x:.1f} y={y:.1f}>{_text(value)}</text>"


def _height(value: float, low: float, high: float) -> float:
    if high == low:
        return _HEIGHT / 2
    return _TOP + (high - value) / (high - low) * (_HEIGHT - 2 * _TOP)


def _text(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or value >= 1000 else f"{value:.4g}"
