"""Elements of SVG as text, and axes with round numbers on them.

Markup, not str, so that Jinja takes the elements as they are and escapes all other text. Places are
in units of the picture's viewBox, y downwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape


def element(name: str, body: str = "", /, **attributes: object) -> Markup:
    """An element; `_` in names of attributes stands for `-`, `body` is text or Markup.

    Example: element("text", "a < b", x=1.0, class_="tick") is `<text x="1" class="tick">a &lt;
    b</text>`.
    """
    text = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
    )
    return Markup(f"<{name}{text}>{escape(body)}</{name}>")


def joined(parts: Sequence[Markup]) -> Markup:
    """One after the other."""
    return Markup("\n").join(parts)


def label(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> Markup:
    """A text; `anchor`: start, middle or end."""
    return element("text", text, x=x, y=y, class_=kind or "word", text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)


def box(x: float, y: float, width: float, height: float, kind: str, title: str = "") -> Markup:
    """A rectangle with a tooltip."""
    body = element("title", title) if title else ""
    return element("rect", body, x=x, y=y, width=width, height=height, class_=kind)


@dataclass(frozen=True)
class Scale:
    """From values to places along an axis.

    low, high: values at its ends; begin, end: places; log: equal factors are equally long, which
    needs values above 0. begin may be larger than end, as on the vertical axis of SVG.
    """

    low: float
    high: float
    begin: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value."""
        turn: Callable[[float], float] = math.log if self.log else float
        low, high = turn(self.low), turn(self.high)
        share = (turn(value) - low) / (high - low) if high > low else 0.5
        return round(self.begin + share * (self.end - self.begin), 1)

    def ticks(self, most: int = 5) -> list[float]:
        """Round values within it, at most about so many."""
        return _doublings(self, most) if self.log else _steps(self, most)


def _doublings(scale: Scale, most: int) -> list[float]:
    """Powers of two between the ends: sizes of RAM are read as 16, 32, 64 KiB."""
    first = math.ceil(math.log2(scale.low))
    last = math.floor(math.log2(scale.high))
    step = max(1, math.ceil((last - first + 1) / most))
    return [2.0**power for power in range(first, last + 1, step)]


def _steps(scale: Scale, most: int) -> list[float]:
    """At most so many round numbers (1, 2 or 5 times a power of ten) between the ends."""
    rough = (scale.high - scale.low) / most
    if rough <= 0:
        return [scale.low]
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * n for n in (1, 2, 5, 10) if unit * n >= rough)
    first, last = math.ceil(scale.low / step), math.floor(scale.high / step)
    return [number * step for number in range(first, last + 1)]


def _text(value: object) -> str:
    """An attribute's value; six digits of a number, more than a screen has."""
    return f"{value:g}" if isinstance(value, float) else str(value)
