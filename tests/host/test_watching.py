"""What only people who watch see: bars and lines of progress; and pictures for who cannot."""

from __future__ import annotations

import builtins
import io
import re
import sys
from types import ModuleType
from typing import Any

import pytest

from msfcnn.errors import UsageError
from msfcnn.page import raster
from msfcnn.page.charts import front_svg
from msfcnn.render import progress, progress_bars
from msfcnn.report import FrontPoint, Fronts

POINT = FrontPoint(ram=9216, factor=1.0, instructions=10**6)
FRONTS = Fronts(
    macs=(POINT,), time=(POINT,), paper=(), layers=POINT, chosen=POINT, limits=(("board", 16384),)
)


class Terminal(io.StringIO):
    """An error stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


def looked_at(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO) -> io.StringIO:
    """Makes it the error stream; within the test, for pytest puts its own there before each."""
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    return stream


def test_where_nobody_watches_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = looked_at(monkeypatch, io.StringIO())
    with progress("planning"):
        pass
    with progress_bars() as bars:
        bars("quantizing")(1, 2)
    assert nobody.getvalue() == ""


def test_somebody_who_watches_sees_what_takes_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = looked_at(monkeypatch, Terminal())
    with progress("planning the network"):
        pass
    assert "planning the network" in terminal.getvalue()


def test_a_bar_is_called_by_its_title(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = looked_at(monkeypatch, Terminal())
    with progress_bars() as bars:
        move = bars("measuring ranges")
        for done in range(5):
            move(done, 4)
    assert "measuring ranges" in terminal.getvalue()


def test_several_bars_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = looked_at(monkeypatch, Terminal())
    with progress_bars() as bars:
        first, second = bars("one"), bars("two")
        first(1, 4)
        second(2, 4)
    text = terminal.getvalue()
    assert "one" in text
    assert "two" in text


@pytest.mark.parametrize("watched", [True, False])
def test_errors_come_through(watched: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at(monkeypatch, Terminal() if watched else io.StringIO())
    with pytest.raises(KeyError), progress("planning"):
        raise KeyError
    with pytest.raises(KeyError), progress_bars():
        raise KeyError


# --- PNG ---


class Drawing:
    """Stands for resvg: draws text only in the fonts it has, and keeps what it was given."""

    def __init__(self, fonts: tuple[str, ...]) -> None:
        self.fonts = fonts
        self.given: list[str] = []

    def svg_to_bytes(self, svg_string: str, font_family: str = "", **_: Any) -> bytes:
        self.given.append(svg_string)
        return f"png in {font_family}".encode() if font_family in self.fonts else b"png, mute"


def drawn(monkeypatch: pytest.MonkeyPatch, *fonts: str) -> Drawing:
    drawing = Drawing(fonts)
    module = ModuleType("resvg_py")
    module.svg_to_bytes = drawing.svg_to_bytes  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "resvg_py", module)
    return drawing


def test_a_picture_is_drawn_in_the_first_font_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn(monkeypatch, "Arial", "Liberation Sans")
    assert raster.png_of(front_svg(FRONTS)) == b"png in Liberation Sans"


def test_without_any_font_a_picture_would_be_mute(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn(monkeypatch)
    with pytest.raises(UsageError, match="is installed") as caught:
        raster.png_of(front_svg(FRONTS))
    assert "fonts-dejavu-core" in caught.value.problems[0].hint


def test_without_resvg_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str, *args: Any, **more: Any) -> ModuleType:
        if name == "resvg_py":
            raise ImportError(name)
        return imported(name, *args, **more)

    imported = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(UsageError, match="is not installed") as caught:
        raster.png_of(front_svg(FRONTS))
    assert "pip install 'msfcnn[png]'" in caught.value.problems[0].hint


def test_what_only_browsers_know_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables, colours by the time of day and the system's font, all of which resvg lacks."""
    drawing = drawn(monkeypatch, "DejaVu Sans")
    raster.png_of(front_svg(FRONTS))
    for text in drawing.given:
        assert "var(" not in text
        assert "--" not in re.sub(r"<!--.*?-->", "", text)
        assert "@media" not in text
        assert "system-ui" not in text
        assert text.count("<svg") == front_svg(FRONTS).count("<svg")


def test_the_light_colours_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = drawn(monkeypatch, "DejaVu Sans")
    raster.png_of(front_svg(FRONTS))
    assert ".paper-sheet { fill: #ffffff; }" in drawing.given[0]
