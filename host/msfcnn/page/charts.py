"""Pictures of plans as SVG: the arena over time, trade-offs of RAM with MACs and time.

Colours and strokes are classes of chart.css; here are places only. Whatever a picture shows is also
in a table of the page or of `msfcnn plan --pareto`, so a picture may leave labels out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from markupsafe import Markup

from msfcnn.page.svg import Scale, box, element, joined, label, line
from msfcnn.report import FrontPoint, Fronts, Moment, Timeline

STYLE = (Path(__file__).with_name("chart.css")).read_text(encoding="utf-8")
PARTS = ("windows", "output", "input", "skips")  # from the bottom up

Value = Callable[[FrontPoint], float]

_WIDTH, _HEIGHT = 440, 310
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 16, 42


def timeline_svg(found: Timeline) -> Markup:
    """The arena over time, stacked; a stage is as wide as its share of the instructions.

    Bytes upwards, from 0 to a little above the peak. Where nothing is estimated, all stages are
    equally wide. The order of the parts is that of the arena: windows below, skips on top.
    """
    width, height, left, bottom = 900, 300, 70, 40
    widths = [moment.instructions for moment in found.moments]
    if not any(widths):  # views alone: nothing is executed, and each stage is as wide
        widths = [1] * len(found.moments)
    across = Scale(low=0, high=sum(widths), begin=left, end=width - 10)
    up = Scale(low=0, high=found.peak * 1.06, begin=height - bottom, end=10)
    parts = [_grid(up, left, width - 10)]
    at = 0
    for number, (moment, wide) in enumerate(zip(found.moments, widths, strict=True), 1):
        parts += _bar(number, moment, (across(at), across(at + wide)), up)
        at += wide
    peak = up(found.peak)
    parts += [
        line(left, peak, width - 10, peak, "limit"),
        label(width - 12, peak - 4, f"peak {found.peak:,} bytes", "strong", "end"),
        label(
            (left + width) / 2, height - 8, "time (estimated instructions), stage", anchor="middle"
        ),
    ]
    name = f"Arena over time: {len(found.moments)} stages, peak {found.peak:,} bytes"
    return _picture(width, height, name, parts)


def _bar(number: int, moment: Moment, span: tuple[float, float], up: Scale) -> list[Markup]:
    """One stage of the timeline: its bytes, kind upon kind, each with a tooltip."""
    begin, end = span
    parts, below = [], 0
    for kind in PARTS:
        size = getattr(moment, kind)
        if size > 0:
            top, base = up(below + size), up(below)
            title = f"stage {number}: {size:,} bytes of {kind}, {moment.total:,} in all"
            wide = max(0.4, end - begin)
            parts.append(box(begin, top, round(wide, 1), round(base - top, 1), kind, title))
        below += size
    if end - begin > 16:
        parts.append(label((begin + end) / 2, up(0) + 14, str(number), "tick", "middle"))
    return parts


def macs_svg(found: Fronts) -> Markup:
    """RAM against the recompute factor."""
    return _front(
        found,
        "RAM and MACs",
        "MACs / MACs of the network",
        lambda point: point.factor,
        (("paper", found.paper), ("front", found.macs)),
        "{:g}",
    )


def time_svg(found: Fronts) -> Markup:
    """RAM against estimated instructions."""
    return _front(
        found,
        "RAM and time",
        "instructions, millions (estimated)",
        lambda point: (point.instructions or 0) / 1e6,
        (("front", found.time),),
        "{:g}",
    )


def front_svg(found: Fronts) -> str:
    """Both in one file that stands alone: the text of an .svg file, its style within."""
    legend = _legend(found)
    body = joined(
        [
            element("style", Markup(STYLE)),
            element("rect", width=2 * _WIDTH, height=_HEIGHT + 34, class_="paper-sheet"),
            _placed(macs_svg(found), 0),
            _placed(time_svg(found), _WIDTH),
            legend,
        ]
    )
    text = element(
        "svg",
        body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {2 * _WIDTH} {_HEIGHT + 34}",
        width=2 * _WIDTH,
        height=_HEIGHT + 34,
        class_="chart",
    )
    return f"{text}\n"


def _placed(picture: Markup, x: int) -> Markup:
    """A picture within another one."""
    place = f'<svg x="{x}" y="0" width="{_WIDTH}" height="{_HEIGHT}" '
    return Markup(str(picture).replace("<svg ", place, 1))


def _legend(found: Fronts) -> Markup:
    """Marks with their names in a row. 6.2 is about the width of a letter at the style's size."""
    parts, x = [], float(_LEFT)
    for kind, words in legend_of(found):
        parts += [_mark(x, _HEIGHT + 16, kind, words), label(x + 12, _HEIGHT + 20, words)]
        x += 40 + 6.2 * len(words)
    return joined(parts)


def legend_of(found: Fronts) -> list[tuple[str, str]]:
    """Kinds of points that there are, with their names."""
    names = [("front", "best trade-offs")]
    names += [("paper", "plan space of the msf-CNN paper")] if found.paper else []
    names += [("layers", "layer by layer")]
    names += [("chosen", "chosen plan")] if found.chosen else []
    return names


def _front(
    found: Fronts,
    title: str,
    unit: str,
    value: Value,
    series: Sequence[tuple[str, Sequence[FrontPoint]]],
    form: str,
) -> Markup:
    """Points of plans over their RAM, with the limits of the boards as lines.

    value: the height of a point. series: kind and points, drawn in this order, the last on top.
    form: of the numbers at the vertical axis. The plan layer by layer and the chosen one are single
    points, drawn last: they often lie on a point of a front.
    """
    single = [("layers", found.layers)] + ([("chosen", found.chosen)] if found.chosen else [])
    every = [p for _, points in series for p in points] + [p for _, p in single]
    across, up = _axes(every, value)
    parts = [_grid_of(across, up, form)]
    parts += _limits(found, across)
    for kind, points in series:
        parts += _stairs(points, across, up, value, kind)
        parts += [_dot(point, across, up, value, kind) for point in points]
    parts += [_dot(point, across, up, value, kind) for kind, point in single]
    parts += [
        label((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 6, "arena, KB", anchor="middle"),
        label(_LEFT, 11, unit),
    ]
    name = f"{title}: {len(series[-1][1])} trade-offs; the tables have the figures"
    return _picture(_WIDTH, _HEIGHT, name, parts)


def _axes(every: Sequence[FrontPoint], value: Value) -> tuple[Scale, Scale]:
    """The two scales: RAM in KiB, logarithmic, with some room at every side."""
    sizes = [point.ram / 1024 for point in every]
    heights = [value(point) for point in every]
    room = (max(heights) - min(heights)) * 0.08 or max(heights) * 0.1
    across = Scale(
        low=min(sizes) / 1.15, high=max(sizes) * 1.15, begin=_LEFT, end=_WIDTH - _RIGHT, log=True
    )
    return across, Scale(
        low=min(heights) - room, high=max(heights) + room, begin=_HEIGHT - _BOTTOM, end=_TOP + 6
    )


def _grid_of(across: Scale, up: Scale, form: str) -> Markup:
    """Lines and numbers at the ticks of both axes."""
    parts = []
    for tick in up.ticks():
        y = up(tick)
        parts.append(line(_LEFT, y, _WIDTH - _RIGHT, y, "grid"))
        parts.append(label(_LEFT - 6, y + 4, form.format(round(tick, 6)), "tick", "end"))
    for tick in across.ticks(7):
        x = across(tick)
        parts.append(line(x, _TOP + 6, x, _HEIGHT - _BOTTOM, "grid"))
        parts.append(label(x, _HEIGHT - _BOTTOM + 16, f"{tick:g}", "tick", "middle"))
    return joined(parts)


def _grid(up: Scale, begin: float, end: float) -> Markup:
    """Horizontal lines at round numbers of bytes."""
    parts = []
    for tick in up.ticks():
        parts.append(line(begin, up(tick), end, up(tick), "grid"))
        parts.append(label(begin - 6, up(tick) + 4, f"{tick:,.0f}", "tick", "end"))
    return joined(parts)


def _limits(found: Fronts, across: Scale) -> list[Markup]:
    """The RAM that boards leave, as far as it is in the picture; boards alike share a line."""
    boards: dict[float, list[str]] = {}  # by their place, so that limits a pixel apart are one line
    for name, size in found.limits:
        if size > 0 and across.low <= size / 1024 <= across.high:
            boards.setdefault(across(size / 1024), []).append(name)
    parts = []
    for number, (x, names) in enumerate(sorted(boards.items())):
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        side, shift = ("end", -4) if x > _WIDTH / 2 else ("start", 4)
        parts.append(line(x, _TOP + 6, x, _HEIGHT - _BOTTOM, "limit"))
        parts.append(label(x + shift, _TOP + 18 + 14 * number, names[0] + more, "tick", side))
    return parts


def _stairs(
    points: Sequence[FrontPoint], across: Scale, up: Scale, value: Value, kind: str
) -> list[Markup]:
    """Between two trade-offs the worse one of RAM holds: steps, not slopes."""
    if len(points) < 2:
        return []
    path = ""
    for point in sorted(points, key=lambda p: p.ram):
        x, y = across(point.ram / 1024), up(value(point))
        path += f"H{x:g}V{y:g}" if path else f"M{x:g} {y:g}"
    return [element("path", d=path, class_=f"stairs {kind}")]


def _dot(point: FrontPoint, across: Scale, up: Scale, value: Value, kind: str) -> Markup:
    """The mark of a plan, with its figures as tooltip."""
    more = "" if point.instructions is None else f", {point.instructions:,} instructions"
    title = f"{point.ram:,} bytes, {point.factor:.3f} times the MACs{more}"
    return _mark(across(point.ram / 1024), up(value(point)), kind, title)


def _mark(x: float, y: float, kind: str, title: str) -> Markup:
    """A shape for each kind, so that nobody has to tell colours apart."""
    body = element("title", title)
    if kind == "layers":
        return element("rect", body, x=x - 5, y=y - 5, width=10, height=10, class_="mark layers")
    if kind == "chosen":
        return element("circle", body, cx=x, cy=y, r=8, class_="mark chosen")
    if kind == "paper":
        corners = f"{x:g},{y - 5:g} {x + 5:g},{y + 4:g} {x - 5:g},{y + 4:g}"
        return element("polygon", body, points=corners, class_="mark paper")
    return element("circle", body, cx=x, cy=y, r=4, class_="mark front")


def _picture(width: int, height: int, name: str, parts: Sequence[Markup]) -> Markup:
    """The svg element; it scales with its place, and screen readers say `name` instead of it."""
    return element(
        "svg",
        joined(list(parts)),
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=name,
        class_="chart",
    )


def share(part: float, whole: float) -> float:
    """0 to 1; 0 of nothing."""
    return part / whole if whole and math.isfinite(whole) else 0.0
