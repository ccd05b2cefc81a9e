"""One verdict per board: the same plan, limits and figures as `plan` and `build`; the page."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from random_models import random_model
from random_plans import random_plan

import msfcnn
from msfcnn.boards import find_board
from msfcnn.cli import main
from msfcnn.firmware.building import Request, build
from msfcnn.firmware.survey import surveyed
from msfcnn.firmware.tally import Tally
from msfcnn.fusion import network
from msfcnn.ir import InputMode
from msfcnn.layout import layout
from msfcnn.page import report_page
from msfcnn.page.motion import MOMENTS
from msfcnn.report import to_data
from msfcnn.report.timeline import timeline
from msfcnn.schedule import schedule
from msfcnn.verdict.judge import (
    BUILD,
    FITS,
    NO_IMAGE,
    NO_PLAN,
    SURVEY,
    TOO_LARGE,
    BoardsReport,
    Memory,
    judge,
)
from msfcnn.verdict.program import ProgramReport

DIGITS = Path(__file__).resolve().parents[2] / "apps" / "digits" / "digits.onnx"
BOARDS = ("nucleo-f767zi", "hifive1b", "nrf52840dk", "rpi-pico", "host")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> BoardsReport:
    """Nothing was built."""
    builds = tmp_path_factory.mktemp("builds")
    return msfcnn.board_report(DIGITS, BOARDS, builds=builds, with_fronts=True)


def memory(used: int, limit: int | None) -> Memory:
    return Memory(parts={"arena": used}, limit=limit, source=BUILD)


@pytest.mark.parametrize(
    ("ram", "flash", "image", "in_ram", "verdict", "word"),
    [
        ((10, 20), (10, 20), 10, False, FITS, ""),
        ((10, None), (10, None), 1000, False, FITS, ""),
        ((10, 20), (10, 20), 11, False, NO_IMAGE, "1 missing"),
        ((10, 20), (10, 20), 11, True, FITS, ""),
        ((21, 20), (10, 20), 0, False, TOO_LARGE, "RAM: 1 bytes missing"),
        ((10, 20), (23, 20), 0, False, TOO_LARGE, "flash: 3 bytes missing"),
    ],
)
def test_verdicts(
    ram: tuple[int, int | None],
    flash: tuple[int, int | None],
    image: int,
    in_ram: bool,
    verdict: str,
    word: str,
) -> None:
    said, reasons = judge(memory(*ram), memory(*flash), image, in_ram)
    assert said == verdict
    assert word in "".join(reasons)


def test_the_plan_is_that_of_plan_and_build(found: BoardsReport, tmp_path: Path) -> None:
    for verdict in found.verdicts:
        plan = msfcnn.plan(DIGITS, board=verdict.board)
        figures = (plan.peak_ram, plan.macs, plan.recompute_factor)
        assert (verdict.peak_ram, verdict.macs, verdict.recompute_factor) == figures
        assert verdict.latency is not None
        assert verdict.latency.instructions == plan.estimate.instructions
        assert verdict.latency.seconds == plan.estimate.seconds
        request = Request(find_board(verdict.board), DIGITS)
        assert verdict.max_ram == request.ram_bound
        assert verdict.plan is not None
        assert [s.ram for s in plan.stages] == [
            s.ram for s in found.plans[verdict.plan].timeline.stages
        ]
    built = build(Request(find_board("host"), DIGITS, root=tmp_path))
    there = found.verdicts[-1]
    assert there.plan is not None
    assert found.plans[there.plan].code == built.planned
    assert there.flash is not None
    assert there.flash.parts["weights"] == built.planned.weight_bytes


def test_boards_with_one_plan_share_its_picture(found: BoardsReport) -> None:
    assert sorted(name for view in found.plans for name in view.boards) == sorted(BOARDS)
    assert len({(v.code, v.timeline, v.core) for v in found.plans}) == len(found.plans)


def test_energy_is_power_times_time(found: BoardsReport) -> None:
    for verdict in found.verdicts:
        supply = find_board(verdict.board).supply
        if supply is None:
            assert verdict.energy_mj is None
        else:
            assert verdict.latency is not None
            assert verdict.latency.seconds is not None
            power = supply.volts * supply.milliamperes
            assert verdict.energy_mj == pytest.approx(power * verdict.latency.seconds)


def test_without_a_build_the_survey_tells_what_riot_takes(found: BoardsReport) -> None:
    for verdict in found.verdicts[:-1]:
        there = surveyed()[verdict.board]
        assert verdict.ram is not None
        assert verdict.ram.source == SURVEY
        static = there.state + there.stack + there.static_rest
        assert verdict.ram.used == static + (verdict.peak_ram or 0)


def kept(root: Path, change: int = 0) -> None:
    """As `msfcnn build` and `test` leave it, of a program that nobody can build here."""
    board = find_board("nucleo-f767zi")
    planned = msfcnn.board_report(DIGITS, [board.name], builds=root).plans[0].code
    tally = Tally(1, 2, 3, 4, planned.peak_ram, 6, 7, 8, board.flash, board.ram, 1024, False)
    report = ProgramReport(
        board=board.name,
        model="digits",
        application="bench",
        program="bench.elf",
        planned=replace(planned, macs=planned.macs + change),
        tally=tally,
    )
    file = root / board.name / "digits" / "build.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({**to_data(report), "trial": {"median_us": 12_345}}))


def test_a_board_of_a_lab_has_the_survey_of_its_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = (
        "{description: x, runner: serial, isa: armv7e-m, riot: nrf52840dk, ram: 256K, flash: 1M}"
    )
    (tmp_path / "boards.yaml").write_text(f"bench-1: {entry}\n")
    monkeypatch.setenv("MSFCNN_BOARDS", str(tmp_path / "boards.yaml"))
    mine, known = msfcnn.board_report(
        DIGITS, ["bench-1", "nrf52840dk"], msfcnn.Options(max_ram=10240), builds=tmp_path
    ).verdicts
    assert mine.ram is not None
    assert mine.ram.source == SURVEY
    assert (mine.ram, mine.flash) == (known.ram, known.flash)


def test_the_last_build_of_the_same_plan_counts(tmp_path: Path) -> None:
    kept(tmp_path)
    (verdict,) = msfcnn.board_report(DIGITS, ["nucleo-f767zi"], builds=tmp_path).verdicts
    assert verdict.ram is not None
    assert verdict.flash is not None
    assert verdict.latency is not None
    assert (verdict.ram.source, verdict.flash.used) == (BUILD, 1 + 2 + 3 + 4)
    assert (verdict.latency.kind, verdict.latency.seconds) == ("measured", 0.012345)


def test_the_build_of_another_plan_does_not_count(tmp_path: Path) -> None:
    kept(tmp_path, change=1)
    (verdict,) = msfcnn.board_report(DIGITS, ["nucleo-f767zi"], builds=tmp_path).verdicts
    assert verdict.ram is not None
    assert verdict.latency is not None
    assert (verdict.ram.source, verdict.latency.kind) == (SURVEY, "estimated")


@pytest.mark.parametrize("seed", range(50))
def test_the_timeline_is_the_arena(seed: int) -> None:
    """Its parts add up, its peak is the arena; where the peak is, no byte is free or counted twice.

    The bytes are counted a second time, from the offsets of the layout.
    """
    mode = tuple(InputMode)[seed % 3]
    model, rng = random_model(seed), np.random.default_rng(seed)
    scheduled = schedule(random_plan(network(model, mode), rng), stretch=seed % 2 == 0)
    found, placed = timeline(scheduled, model), layout(scheduled)
    assert found.peak == placed.peak_ram
    for moment, places, stage in zip(found.moments, placed.stages, scheduled.stages, strict=True):
        parts = (moment.windows, moment.output, moment.input, moment.skips)
        assert sum(parts) == moment.total == stage.cost.total
        assert min(moment.windows, moment.output, moment.skips, moment.instructions) >= 0
        taken = set(range(moment.windows))
        for tensor, at in places.whole.items():
            taken |= set(range(at, at + scheduled.network.sizes[tensor]))
        assert moment.total <= len(taken) <= placed.peak_ram
        if moment.total == placed.peak_ram:
            assert len(taken) == moment.total


class Tags(HTMLParser):
    """Complains about tags that are not closed; collects names and texts."""

    EMPTY = ("meta", "input", "!doctype")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)


def test_the_page_stands_alone(found: BoardsReport) -> None:
    hostile = replace(found, file="<script>alert(1)</script>")
    page = report_page(hostile, "msfcnn report '<b>'")
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert "<script>alert" not in page
    assert tags.seen.count("script") == 1 + sum(len(view.motions) for view in found.plans)
    assert not re.search(r"(?:src|href)=|url\(|@import", page)
    assert page.count("<svg ") >= len(found.plans) + 2
    for verdict in found.verdicts:
        assert verdict.board in page
        assert verdict.description in page
    assert found.network.model.sha256 in page
    for view in found.plans:
        assert f"peak {view.timeline.peak:,} bytes" in page


def test_the_page_steps_through_stages_as_explain_does(found: BoardsReport) -> None:
    page = report_page(found, "msfcnn report")
    steps = [
        json.loads(text)
        for text in re.findall(r'<script type="application/json">(.*?)</script>', page)
    ]
    view = found.plans[0]
    for stage, shown in zip(view.timeline.stages, steps, strict=False):
        number = view.timeline.stages.index(stage) + 1
        whole = msfcnn.explain(DIGITS, number, board=view.boards[0]).moments
        assert 1 <= len(shown) <= MOMENTS
        assert (shown[0][0], shown[-1][0]) == (0, len(whole) - 1)
        for line, tensors in shown:
            assert tensors == [[t.dead, t.before, t.written] for t in whole[line]]


def test_layers_have_stage_ram_and_time(found: BoardsReport) -> None:
    view = found.plans[0].timeline
    total = sum(moment.instructions for moment in view.moments)
    times = dict(view.layers)
    assert abs(sum(times.values()) - total) <= len(times)
    for stage, moment in zip(view.stages, view.moments, strict=True):
        parts = [times[node] for node in stage.ops]
        assert abs(sum(parts) - moment.instructions) <= len(parts)
    page = report_page(found, "msfcnn report")
    table = page.split('class="sortable"')[1].split("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)[1:]
    assert len(rows) == len(found.network.layers)
    for layer, row in zip(found.network.layers, rows, strict=True):
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
        assert cells[0] == layer.node
        assert cells[-1] == f"{100 * times[layer.node] / total:.1f} %"


def test_fronts_are_those_of_plan(found: BoardsReport) -> None:
    front = found.fronts
    assert front is not None
    options = find_board(BOARDS[0]).options(msfcnn.Options())
    points = msfcnn.pareto(DIGITS, replace(options, max_ram=None)).points
    assert [(p.ram, p.factor) for p in front.macs] == [
        (p.peak_ram, p.recompute_factor) for p in points
    ]
    assert front.chosen is not None
    assert front.chosen.ram == found.verdicts[0].peak_ram
    ordered = sorted(front.time, key=lambda p: p.ram)
    counts = [p.instructions or 0 for p in ordered]
    assert len(counts) > 5
    # within RAM a plan nearly as fast is as good, so two points are never that close
    assert all(less < 0.99 * more for more, less in pairwise(counts))
    assert front.layers.factor == 1.0


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, table = tmp_path / "report.html", tmp_path / "report.csv"
    words = ["report", str(DIGITS), "--board", "host,hifive1b", "--root", str(tmp_path)]
    assert main([*words, "-o", str(page), "--csv", str(table)]) == 0
    text = capsys.readouterr().out
    assert "hifive1b" in text
    said = " ".join(text.split())
    assert "assumed, not measured: 1.5 cycles an instruction (host)" in said
    assert "RTL and cycle model, not measured: RTL of CV32E40P" in said
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [row["board"] for row in rows] == ["host", "hifive1b"]
    assert int(rows[0]["arena"]) == msfcnn.plan(DIGITS, board="host").peak_ram
    assert "--board host,hifive1b" in page.read_text()
    assert main([*words, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [v["verdict"] for v in data["verdicts"]] == [FITS, FITS]
    assert data["fronts"] is None


def test_plan_draws_its_front_and_writes_its_tables(tmp_path: Path) -> None:
    picture, table = tmp_path / "front.svg", tmp_path / "plan.csv"
    words = ["plan", str(DIGITS), "--max-ram", "6K", "--plot", str(picture), "--csv", str(table)]
    assert main(words) == 0
    found = msfcnn.plan(DIGITS, msfcnn.Options(max_ram=6 * 1024))
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert max(int(row["total"]) for row in rows) == found.peak_ram
    assert len(rows) == len(found.stages)
    root = ElementTree.parse(picture).getroot()
    titles = [e.text or "" for e in root.iter("{http://www.w3.org/2000/svg}title")]
    for point in msfcnn.pareto(DIGITS).points:
        assert any(t.startswith(f"{point.peak_ram:,} bytes") for t in titles)
    assert any(
        t.startswith(f"{found.peak_ram:,} bytes, {found.recompute_factor:.3f}") for t in titles
    )


def test_a_front_as_png(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    from PIL import Image

    target = tmp_path / "front.png"
    assert main(["plan", str(DIGITS), "--plot", str(target)]) == 0
    picture = Image.open(target).convert("RGB")
    assert picture.width > 1000
    colours = {colour for _, colour in picture.getcolors(1 << 24) or ()}
    assert {(255, 255, 255), (0x00, 0x72, 0xB2)} <= colours  # light, with the front
    labels = picture.crop((0, 0, picture.width, 30))  # the units stand there, and nothing else
    assert len(labels.getcolors(1 << 24) or ()) > 1


def test_a_picture_of_no_known_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(DIGITS), "--plot", "front.jpeg"]) == 2
    assert "end it in .svg or .png" in capsys.readouterr().err


def test_a_board_that_no_plan_fits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["report", str(DIGITS), "--board", "hifive1b", "--max-ram", "1000"]
    assert main([*words, "--root", str(tmp_path), "-o", str(tmp_path / "page.html")]) == 3
    text = capsys.readouterr().out
    assert NO_PLAN in text
    assert "1,000 are allowed" in text
    assert NO_PLAN in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["no.onnx"], "no such file"),
        ([str(DIGITS), str(DIGITS)], "are more than one model"),
        ([str(DIGITS), "--float", str(DIGITS)], "is for --dataset"),
        (["a.json", "--board", "host"], "goes with a model, not with reports"),
        (["a.json", "--max-ram", "4K"], "--max-ram: goes with a model"),
        (["a.json", "--float", str(DIGITS)], "--float: goes with a model"),
    ],
)
def test_wrong_use(words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", *words]) == 2
    assert complaint in capsys.readouterr().err


def test_an_unknown_board_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(DIGITS), "--board", "hifive1c"]) == 5
    assert "hifive1b" in capsys.readouterr().err
