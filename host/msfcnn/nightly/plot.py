"""A small plot of a figure over the nights, as coordinates that page.html draws.

Coordinates are pixels of the plot's own viewBox, y downwards. `nightly.page` chooses the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

_WIDTH, _HEIGHT = 250, 64
_LEFT, _RIGHT, _TOP, _BOTTOM = 8, 76, 10, 22


@dataclass(frozen=True)
class Point:
    """A run.

    when:  its time. value: None where there is none. title: what its tooltip says.
    good:  whether the job passed; None if it did not run. accepted: whether its run was.
    """

    when: datetime
    value: float | None
    title: str
    good: bool | None
    accepted: bool = False


@dataclass(frozen=True)
class Mark:
    """A point at a place; `kind`: good, wrong; `ring`: its run was accepted."""

    x: float
    y: float
    title: str
    kind: str
    ring: bool = False


@dataclass(frozen=True)
class Word:
    """A text at a place; `anchor`: start or end."""

    x: float
    y: float
    text: str
    anchor: str = "start"


@dataclass(frozen=True)
class Plot:
    """A line through `marks`, with gaps; `path` is its SVG, `words` are its extremes and dates."""

    path: str
    marks: tuple[Mark, ...]
    words: tuple[Word, ...]
    label: str
    axis: float = _HEIGHT - _BOTTOM + 6
    left: int = _LEFT
    right: int = _WIDTH - _RIGHT
    width: int = _WIDTH
    height: int = _HEIGHT


def plot(points: Sequence[Point], unit: str) -> Plot | None:
    """The points at their time, a gap where there is no value; None without any value.

    points: oldest first, for the axis is from the first to the last. unit: for the description that
    screen readers say; the plot itself shows bare numbers.
    A job that went wrong without a figure stands on the axis.
    """
    values = [point.value for point in points if point.value is not None]
    if not values:
        return None
    low, high = min(values), max(values)
    begin, end = points[0].when, points[-1].when
    span = (end - begin).total_seconds()
    marks, path, pen = [], [], "M"
    for point in points:
        share = (point.when - begin).total_seconds() / span if span else 0.5
        x = round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)
        if point.value is None:
            pen = "M"
            if point.good is False:
                marks.append(Mark(x=x, y=_HEIGHT - _BOTTOM + 6, title=point.title, kind="wrong"))
            continue
        y = round(_height(point.value, low, high), 1)
        kind = "wrong" if point.good is False else "good"
        marks.append(Mark(x=x, y=y, title=point.title, kind=kind, ring=point.accepted))
        path.append(f"{pen}{x:g} {y:g}")
        pen = "L"
    beside = _WIDTH - _RIGHT + 10
    words = [
        Word(beside, _height(v, low, high) + 4, text_of(v)) for v in dict.fromkeys((high, low))
    ]
    words.append(Word(_LEFT - 4, _HEIGHT - 3, f"{begin:%Y-%m-%d}"))
    if end.date() != begin.date():
        words.append(Word(_WIDTH - _RIGHT + 4, _HEIGHT - 3, f"{end:%m-%d}", "end"))
    label = (
        f"{len(points)} runs from {begin:%Y-%m-%d} to {end:%Y-%m-%d}: "
        f"{text_of(low)} to {text_of(high)} {unit}, last {text_of(values[-1])}"
    )
    return Plot(path=" ".join(path), marks=tuple(marks), words=tuple(words), label=label)


def _height(value: float, low: float, high: float) -> float:
    """The y of a value: the highest at the top; in the middle if all values are equal."""
    if high == low:
        return (_HEIGHT - _BOTTOM) / 2
    return _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)


def text_of(value: float) -> str:
    """A figure in a plot: whole numbers in groups of three digits, others with four digits."""
    return f"{value:,.0f}" if value == int(value) or value >= 1000 else f"{value:.4g}"
