"""Pictures of plans: every mark lies where its figures say, in XML that a browser takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msfcnn.page.charts import front_svg, legend_of, macs_svg, share, time_svg, timeline_svg
from msfcnn.page.svg import Scale, box, element, joined, label, line
from msfcnn.report import FrontPoint, Fronts, Moment, Timeline

SVG = "{http://www.w3.org/2000/svg}"
FRONT = tuple(
    FrontPoint(ram=ram, factor=factor, instructions=instructions)
    for ram, factor, instructions in [
        (65536, 1.0, 1_000_000),
        (20480, 1.1, 1_400_000),
        (9216, 1.9, 2_600_000),
    ]
)
LAYERS = FrontPoint(ram=131072, factor=1.0, instructions=1_100_000)
CHOSEN = FrontPoint(ram=20480, factor=1.1, instructions=1_400_000)


def fronts(**changes: object) -> Fronts:
    given_ = {
        "macs": FRONT,
        "time": FRONT[:2],
        "paper": (),
        "layers": LAYERS,
        "chosen": CHOSEN,
        "limits": (),
    }
    return Fronts(**{**given_, **changes})  # type: ignore[arg-type]


def moments(instructions: Sequence[int]) -> Timeline:
    found = tuple(
        Moment(
            windows=100 * n, output=50, input=25, skips=0, total=100 * n + 75, instructions=count
        )
        for n, count in enumerate(instructions, 1)
    )
    return Timeline(stages=(), moments=found, layers=())


def tree_of(svg: object) -> ElementTree.Element:
    """The elements of a picture, which is a part of an HTML page and thus has no namespace."""
    return ElementTree.fromstring(str(svg))


def of_class(tree: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [found for found in tree.iter() if found.get("class") == kind]


def title_of(found: ElementTree.Element) -> str:
    return next(part.text or "" for part in found if part.tag.endswith("title"))


# --- elements ---


def test_text_cannot_break_out_of_an_element() -> None:
    name = '</text><script>alert("&")</script>'
    found = tree_of(element("svg", label(1, 2, name)))
    assert [part.tag for part in found.iter()] == ["svg", "text"]
    assert found[0].text == name


def test_attributes_cannot_be_broken_out_of() -> None:
    found = tree_of(element("rect", class_='a" onload="x', stroke_width=2.0, x=0.1234567))
    assert found.attrib == {"class": 'a" onload="x', "stroke-width": "2", "x": "0.123457"}


def test_a_box_has_a_tooltip_only_where_there_is_something_to_say() -> None:
    assert len(tree_of(box(0, 0, 1, 1, "kind"))) == 0
    assert title_of(tree_of(box(0, 0, 1, 1, "kind", "7 bytes"))) == "7 bytes"


def test_parts_stay_elements_when_they_are_joined() -> None:
    parts = joined([line(0, 0, 1, 1, "grid"), label(0, 0, "<")])
    assert [part.tag for part in tree_of(element("svg", parts))] == ["line", "text"]


# --- scales ---

VALUES = st.floats(0.5, 1e7)


@given(VALUES, VALUES, VALUES, st.booleans())
def test_a_scale_keeps_order_and_ends(a: float, b: float, c: float, log: bool) -> None:
    low, middle, high = sorted((a, b, c))
    scale = Scale(low=low, high=high, begin=40, end=430, log=log)
    if high > low:
        assert (scale(low), scale(high)) == (40, 430)
    assert 40 <= scale(middle) <= 430


@given(VALUES, st.floats(1.01, 1e4), st.integers(1, 9), st.booleans())
def test_ticks_are_few_rising_and_within(low: float, ratio: float, most: int, log: bool) -> None:
    scale = Scale(low=low, high=low * ratio, begin=0, end=100, log=log)
    ticks = scale.ticks(most)
    assert ticks == sorted(set(ticks))
    assert len(ticks) <= most + 1
    slack = 1e-9 * low * ratio
    assert all(low - slack <= tick <= low * ratio + slack for tick in ticks)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 100, [0, 20, 40, 60, 80, 100]), (1.0, 1.9, [1.0, 1.2, 1.4, 1.6, 1.8]), (3, 3, [3])],
)
def test_ticks_are_numbers_that_people_write(low: float, high: float, ticks: list[float]) -> None:
    assert Scale(low=low, high=high, begin=0, end=1).ticks() == pytest.approx(ticks)


def test_ticks_of_ram_are_powers_of_two() -> None:
    ticks = Scale(low=5, high=300, begin=0, end=1, log=True).ticks()
    assert all(tick.hex().startswith("0x1.0000000000000p") for tick in ticks)


def test_equal_factors_are_equally_long() -> None:
    scale = Scale(low=1, high=16, begin=0, end=400, log=True)
    assert [scale(value) for value in (1, 2, 4, 8, 16)] == [0, 100, 200, 300, 400]


# --- RAM against MACs and time ---


@pytest.mark.parametrize("draw", [macs_svg, time_svg])
def test_each_trade_off_has_a_mark_that_tells_its_figures(draw: object) -> None:
    found = fronts()
    tree = tree_of(draw(found))  # type: ignore[operator]
    series = found.macs if draw is macs_svg else found.time
    marks = of_class(tree, "mark front")
    assert len(marks) == len(series)
    for mark, point in zip(marks, series, strict=True):
        assert f"{point.ram:,} bytes" in title_of(mark)
        assert f"{point.factor:.3f} times" in title_of(mark)


def test_less_ram_is_further_left_and_more_macs_higher() -> None:
    marks = of_class(tree_of(macs_svg(fronts())), "mark front")
    across = [float(mark.get("cx", "")) for mark in marks]
    down = [float(mark.get("cy", "")) for mark in marks]
    assert across == sorted(across, reverse=True)  # the front is by descending RAM
    assert down == sorted(down, reverse=True)


def test_marks_of_different_kinds_differ_in_shape() -> None:
    tree = tree_of(macs_svg(fronts(paper=FRONT)))
    shapes = {
        kind: {mark.tag for mark in of_class(tree, f"mark {kind}")}
        for kind in ("front", "paper", "layers")
    }
    assert shapes == {"front": {"circle"}, "paper": {"polygon"}, "layers": {"rect"}}
    (chosen,) = of_class(tree, "mark chosen")
    assert float(chosen.get("r", "")) > 4  # around the mark of the front, not on top of it


def test_all_marks_lie_within_the_picture() -> None:
    for draw in (macs_svg, time_svg):
        tree = tree_of(draw(fronts(paper=FRONT, chosen=None)))
        _, _, width, height = map(float, tree.get("viewBox", "").split())
        for mark in of_class(tree, "mark front"):
            assert 0 < float(mark.get("cx", "")) < width
            assert 0 < float(mark.get("cy", "")) < height


def test_between_two_trade_offs_there_is_a_step() -> None:
    (stairs,) = of_class(tree_of(macs_svg(fronts())), "stairs front")
    assert re.fullmatch(r"M[\d.]+ [\d.]+(H[\d.]+V[\d.]+){2}", stairs.get("d", ""))


def test_a_single_point_is_a_mark_without_a_step() -> None:
    tree = tree_of(macs_svg(fronts(macs=FRONT[:1], chosen=None)))
    assert not of_class(tree, "stairs front")
    assert len(of_class(tree, "mark front")) == 1


def test_a_network_whose_plans_are_all_alike_is_drawn() -> None:
    one = FrontPoint(ram=1024, factor=1.0, instructions=0)
    found = fronts(macs=(one,), time=(one,), layers=one, chosen=one)
    for draw in (macs_svg, time_svg):
        assert "nan" not in str(draw(found)).lower()


def test_boards_of_equal_ram_share_a_line() -> None:
    limits = (("bluepill", 20480), ("nucleo", 20480), ("large", 10**9), ("none", 0))
    tree = tree_of(macs_svg(fronts(limits=limits)))
    assert len(of_class(tree, "limit")) == 1
    words = [part.text for part in tree.iter("text")]
    assert "bluepill and 1 more" in words
    assert not any("large" in (word or "") for word in words)


def test_the_names_of_boards_do_not_cover_each_other() -> None:
    limits = tuple((f"board{n}", 16384 + 512 * n) for n in range(5))
    tree = tree_of(macs_svg(fronts(limits=limits)))
    rows = [part.get("y") for part in tree.iter("text") if (part.text or "").startswith("board")]
    assert len(rows) == len(set(rows)) == 5


def test_the_file_stands_alone() -> None:
    text = front_svg(fronts(paper=FRONT))
    tree = ElementTree.fromstring(text)
    assert tree.tag == f"{SVG}svg"
    assert len(tree.findall(f"{SVG}svg")) == 2
    (style,) = tree.findall(f"{SVG}style")
    classes = {name for part in tree.iter() for name in part.get("class", "").split()}
    drawn = {"grid", "limit", "tick", "windows"} & classes
    assert all(f".{name}" in (style.text or "") for name in drawn)
    words = [part.text for part in tree.findall(f"{SVG}text")]
    assert words == [name for _, name in legend_of(fronts(paper=FRONT))]


def test_the_legend_names_only_what_is_drawn() -> None:
    kinds = [kind for kind, _ in legend_of(fronts(chosen=None))]
    assert kinds == ["front", "layers"]
    kinds = [kind for kind, _ in legend_of(fronts(paper=FRONT))]
    assert kinds == ["front", "paper", "layers", "chosen"]


def test_readers_of_screens_are_told_what_a_picture_shows() -> None:
    for svg in (macs_svg(fronts()), time_svg(fronts()), timeline_svg(moments([1, 2]))):
        tree = tree_of(svg)
        assert tree.get("role") == "img"
        assert tree.get("aria-label")


# --- the arena over time ---


def widths(tree: ElementTree.Element, kind: str) -> list[float]:
    return [float(part.get("width", "")) for part in of_class(tree, kind)]


def test_a_stage_is_as_wide_as_its_share_of_the_instructions() -> None:
    tree = tree_of(timeline_svg(moments([100, 300, 600])))
    first, second, third = widths(tree, "windows")
    assert second == pytest.approx(3 * first, abs=0.5)
    assert third == pytest.approx(6 * first, abs=0.5)


def test_stages_that_execute_nothing_are_equally_wide() -> None:
    first, second = widths(tree_of(timeline_svg(moments([0, 0]))), "windows")
    assert first == pytest.approx(second, abs=0.2)
    assert first > 100


def test_the_bytes_of_a_stage_are_stacked() -> None:
    tree = tree_of(timeline_svg(moments([5])))
    (windows,), (output,), (above,) = (of_class(tree, k) for k in ("windows", "output", "input"))
    for upper, lower in ((output, windows), (above, output)):
        bottom = float(upper.get("y", "")) + float(upper.get("height", ""))
        assert bottom == pytest.approx(float(lower.get("y", "")), abs=0.11)
    assert not of_class(tree, "skips")  # nothing of it, so nothing is drawn


def test_the_peak_is_named() -> None:
    tree = tree_of(timeline_svg(moments([1, 1, 1])))
    assert [part.text for part in of_class(tree, "strong")] == ["peak 375 bytes"]


def test_a_stage_tells_its_bytes() -> None:
    tree = tree_of(timeline_svg(moments([1, 1])))
    assert title_of(of_class(tree, "windows")[1]) == "stage 2: 200 bytes of windows, 275 in all"


@pytest.mark.parametrize(
    ("part", "whole", "expected"), [(1, 4, 0.25), (0, 0, 0.0), (3, 0, 0.0), (1, float("inf"), 0)]
)
def test_shares(part: float, whole: float, expected: float) -> None:
    assert share(part, whole) == expected
