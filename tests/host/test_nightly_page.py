"""The nightly page: what it says about a run and the ones before it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from nightly_runs import fake, three_boards

from msfcnn.nightly import campaign
from msfcnn.nightly.campaign import Report, run_all
from msfcnn.nightly.history import History
from msfcnn.nightly.page import html_page
from msfcnn.nightly.plot import Point, plot
from msfcnn.nightly.settings import Settings

SLOW = {"time_us": 2110.0}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return three_boards(tmp_path)


def night(settings: Settings, day: int, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Report:
    """A run on a day of November, of a commit of that number."""
    monkeypatch.setattr(campaign, "_now", lambda: f"2026-11-{day:02}T02:17:00Z")
    monkeypatch.setattr(campaign, "commit_of", lambda directory: f"c0ffee{day}")
    return run_all(settings, execute=fake(**changes))


def marks(page: str, name: str) -> list[str]:
    """Kinds of the marks of the plots whose tooltips begin with a run's name."""
    found = re.findall(rf'class="([a-z ]+)"><title>{name}', page)
    return [kind.split()[0] for kind in found]


def test_reasons_and_commit(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    night(settings, 1, monkeypatch)
    broken: Mapping[str, Any] = {"state": "failed", "reason": "did not end within 5 s & <stopped>"}
    report = night(settings, 2, monkeypatch, host=broken, native64=SLOW)
    page = html_page(report, History(settings.keep))
    assert page.startswith("<!doctype html>")
    assert "did not end within 5 s &amp; &lt;stopped&gt;" in page
    assert "111 % slower, limit 100 %: 1,000 to 2,110 us" in page
    assert "commit <code>c0ffee2</code>" in page
    assert "2026-11-02 02:17 UTC" in page
    assert "<script" not in page
    assert "http" not in page  # it stands alone


def test_a_point_is_green_where_that_job_passed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not where the run as a whole was accepted."""
    night(settings, 1, monkeypatch)
    night(settings, 2, monkeypatch, native64=SLOW)
    report = night(settings, 3, monkeypatch)
    page = html_page(report, History(settings.keep))
    assert marks(page, "2026-11-01") == ["good"] * 6  # RAM and time of three boards
    assert sorted(marks(page, "2026-11-02")) == ["good"] * 4 + ["wrong"] * 2
    assert marks(page, "2026-11-03") == ["good"] * 6
    assert page.count(", accepted</title>") == 12  # of the first and of the last night


def test_a_job_that_failed_stands_on_the_axis(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(settings, 1, monkeypatch)
    report = night(settings, 2, monkeypatch, host={"state": "failed", "reason": "broke"})
    page = html_page(report, History(settings.keep))
    assert page.count("2026-11-02 02:17 UTC, commit c0ffee2, failed</title>") == 2


def test_new_and_regressed_exclude_each_other(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {"outputs": ["00000001", "00000002"]}
    report = night(settings, 1, monkeypatch, native64=other)
    page = html_page(report, History(settings.keep))
    assert [v.state for v in report.verdicts] == ["new", "disagrees", "new"]
    assert "1 disagrees" in page
    assert ">regressed<" not in page


def test_runs_are_listed_with_what_changed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(settings, 1, monkeypatch)
    (tmp_path / "a.onnx").write_bytes(b"another")
    page = html_page(night(settings, 2, monkeypatch), History(settings.keep))
    runs = page.split("<h2>Runs</h2>")[1].split("</table>")[0]
    rows = re.findall(r"<tr>\s*<td>(.*?)</tr>", runs, re.DOTALL)
    cells = [re.sub(r"<[^>]+>", "|", row) for row in rows]
    assert cells[0].startswith("2026-11-02 02:17 UTC|||c0ffee2|||accepted||3 passed||a|")
    assert cells[1].startswith("2026-11-01 02:17 UTC|||c0ffee1|||accepted||3 new|||")
    assert "the model&#39;s file has changed since the accepted run" in page


def test_accuracy_has_a_figure_and_a_past(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(settings, 1, monkeypatch, host={"accuracy": 0.9978})
    page = html_page(
        night(settings, 2, monkeypatch, host={"accuracy": 0.9991}), History(settings.keep)
    )
    assert "Accuracy of the C code: <strong>99.91 %</strong>" in page
    assert "2 runs from 2026-11-01 to 2026-11-02: 99.78 to 99.91 %, last 99.91" in page


def test_histories_of_before_are_shown(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without commit, states, places and times."""
    night(settings, 1, monkeypatch)
    history = settings.keep / "history.jsonl"
    kept = re.sub(
        r', "(commit|place|began|ended|sha256)": "[^"]*"|, "states": {[^}]*}',
        "",
        history.read_text(),
    )
    history.write_text(kept)
    page = html_page(night(settings, 2, monkeypatch), History(settings.keep))
    assert marks(page, "2026-11-01") == ["good"] * 6


def test_plots_have_dates_and_gaps_where_values_lack() -> None:
    days = [datetime(2026, 11, day, tzinfo=timezone.utc) for day in (1, 2, 5)]
    points = [
        Point(days[0], 1.0, "a", True),
        Point(days[1], None, "b", None),
        Point(days[2], 3.0, "c", False),
    ]
    found = plot(points, "ms")
    assert found is not None
    assert found.path.count("M") == 2
    assert [(mark.title, mark.kind) for mark in found.marks] == [("a", "good"), ("c", "wrong")]
    assert [word.text for word in found.words] == ["3", "1", "2026-11-01", "11-05"]
    near, far = found.marks
    assert (near.x, far.x) == (found.left, found.right)  # the axis is time
    assert plot([Point(days[0], None, "a", True)], "ms") is None
