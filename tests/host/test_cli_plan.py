"""`msfcnn plan`: its figures against each other, the generator's, and the msf-CNN paper's."""

from __future__ import annotations

import io
import itertools
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest

import msfcnn
from msfcnn.boards import find_board
from msfcnn.cli import main
from msfcnn.errors import InfeasibleError
from msfcnn.firmware.building import Request
from msfcnn.render import progress
from msfcnn.report.code import code_report
from msfcnn.sizes import parse_size
from msfcnn.zoo import build

DIGITS = Path(__file__).resolve().parents[2] / "apps" / "digits" / "digits.onnx"
ANY_MACS = ("--max-macs", "inf")  # with a bound on RAM: MACs decide, not instructions
QUICK = {("digits", "image"), ("digits", "push"), ("digits", "pull"), ("resnet8", "image")}
Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Residuals and a head; branches; a chain; and more layers than a stage can have."""
    directory = tmp_path_factory.mktemp("networks")
    found = {"digits": DIGITS}
    for name, size, width in (
        ("resnet8", None, None),
        ("mobilenetv1", 48, 0.25),
        ("mbv2", 48, 0.35),
    ):
        found[name] = directory / f"{name}.onnx"
        onnx.save(build(name, width=width, resolution=size, classes=10), found[name])
    return found


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """A function: what a verb prints with --json, whose exit code must be as expected."""

    def run(*words: object, code: int = 0) -> dict[str, Any]:
        assert main([*map(str, words), "--json"]) == code, capsys.readouterr().err
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    return run


def check_sums(plan: dict[str, Any]) -> None:
    stages = plan["stages"]
    for stage in stages:
        ram = stage["ram"]
        parts = ram["input"] + ram["output"] - ram["overlap"] + ram["windows"] + ram["skips"]
        assert parts == ram["total"]
        assert all(value >= 0 for value in ram.values())
        assert ram["without_io"] <= ram["total"]
        assert stage["band_rows"] >= 1
    totals = [stage["ram"]["total"] for stage in stages]
    bare = [stage["ram"]["without_io"] for stage in stages]
    assert (plan["peak_ram"], plan["peak_ram_without_io"]) == (max(totals), max(bare))
    counted = bare if plan["accounting"] == "paper" else totals
    assert counted[plan["largest_stage"]] == max(counted)
    assert plan["macs"] == sum(stage["macs"] for stage in stages)
    assert plan["recompute_factor"] == pytest.approx(plan["macs"] / plan["model"]["live_macs"])


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        pytest.param(name, mode, marks=() if (name, mode) in QUICK else pytest.mark.long)
        for name in ("digits", "resnet8", "mbv2")
        for mode in ("image", "push", "pull")
    ],
)
def test_figures_are_what_is_generated(
    name: str, mode: str, networks: dict[str, Path], ask: Ask, tmp_path: Path
) -> None:
    model = networks[name]
    nodes = [layer["node"] for layer in ask("inspect", model)["layers"]]
    for bound in ([], ["--max-macs", "1.1"], ["--max-macs", "inf"]):
        options = [*bound, "--input", mode]
        plan = ask("plan", model, *options)
        check_sums(plan)
        assert [op for stage in plan["stages"] for op in stage["ops"]] == nodes
        made = ask("generate", model, "--name", "net", "--out", tmp_path, *options)
        for key in ("peak_ram", "peak_ram_without_io", "macs", "recompute_factor", "model"):
            assert plan[key] == made[key]
        header = (tmp_path / "net.h").read_text()
        size = re.search(r"NET_ARENA_SIZE\s+\(?(\d+)", header)
        assert size
        assert int(size[1]) == plan["peak_ram"]


def test_bounds_hold(networks: dict[str, Path], ask: Ask) -> None:
    model = networks["mobilenetv1"]
    free = ask("plan", model, "--max-macs", "inf")
    plain = ask("plan", model)
    assert plain["recompute_factor"] <= 1.0 < free["recompute_factor"]
    assert free["peak_ram"] < plain["peak_ram"]
    between = ask("plan", model, "--max-macs", "1.05")
    assert between["recompute_factor"] <= 1.05
    assert free["peak_ram"] <= between["peak_ram"] <= plain["peak_ram"]
    limit = between["peak_ram"]
    fitting = ask("plan", model, "--max-ram", limit, *ANY_MACS)
    assert fitting["peak_ram"] <= limit
    assert fitting["macs"] <= between["macs"]
    both = ask("plan", model, "--max-ram", limit, "--max-macs", "1.05")
    assert (both["peak_ram"] <= limit, both["macs"]) == (True, fitting["macs"])


@pytest.mark.long
def test_the_front_is_what_single_bounds_give(networks: dict[str, Path], ask: Ask) -> None:
    model = networks["mbv2"]
    points = ask("plan", model, "--pareto")["points"]
    assert len(points) > 3
    figures = [(p["peak_ram"], p["peak_ram_without_io"], p["macs"]) for p in points]
    for one, other in itertools.permutations(figures, 2):
        assert any(a < b for a, b in zip(one, other, strict=True)), "a point beats another one"
    assert min(points, key=lambda p: p["macs"])["macs"] == ask("plan", model)["macs"]
    least = ask("plan", model, "--max-macs", "inf")["peak_ram"]
    assert min(p["peak_ram"] for p in points) == least
    for point in (points[0], points[len(points) // 2]):
        found = ask("plan", model, "--max-ram", point["peak_ram"], *ANY_MACS)
        assert found["macs"] <= point["macs"]
        limit = ["--without-io", "--max-ram", point["peak_ram_without_io"]]
        bare = ask("plan", model, *limit, *ANY_MACS)
        assert bare["peak_ram_without_io"] <= point["peak_ram_without_io"]
        assert bare["macs"] <= point["macs"]
    some = ask("plan", model, "--pareto", "--max-macs", "1.05")["points"]
    assert some == [p for p in points if p["recompute_factor"] <= 1.05]


def test_what_two_kilobytes_buy_and_cost(networks: dict[str, Path], ask: Ask) -> None:
    model = networks["mobilenetv1"]
    plan = ask("plan", model, "--max-macs", "1.05")
    more, less = plan["nearby"]
    assert (more["ram"], less["ram"]) == (plan["peak_ram"] + 2048, plan["peak_ram"] - 2048)
    assert more["macs"] == ask("plan", model, "--max-ram", more["ram"], *ANY_MACS)["macs"]
    if less["macs"] is None:
        ask("plan", model, "--max-ram", less["ram"], code=3)
    else:
        assert less["macs"] == ask("plan", model, "--max-ram", less["ram"], *ANY_MACS)["macs"]


@pytest.mark.long
def test_without_a_plan_the_error_says_what_there_is(
    networks: dict[str, Path], ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    model = networks["mbv2"]
    nodes = {layer["node"] for layer in ask("inspect", model)["layers"]}
    error = ask("plan", model, "--max-ram", "1K", code=3)["error"]
    assert ask("plan", model, "--max-ram", "1K", "--pareto", code=3)["error"] == error
    capsys.readouterr()
    assert error["best_ram"] == ask("plan", model, "--max-macs", "inf")["peak_ram"]
    assert error["binding_ops"]
    assert set(error["binding_ops"]) <= nodes
    assert ask("plan", model, "--max-ram", error["best_ram"])["peak_ram"] == error["best_ram"]
    ask("plan", model, "--max-ram", error["best_ram"] - 1, code=3)
    assert main(["generate", str(model), "--out", "nowhere", "--max-ram", "1K"]) == 3
    text = capsys.readouterr().err
    assert f"{error['binding_ops'][0]} to {error['binding_ops'][-1]}" in text
    assert f"--max-ram {error['best_ram']}" in text
    assert not Path("nowhere").exists()


def test_hints_are_plans_that_exist(networks: dict[str, Path], ask: Ask) -> None:
    model = networks["mobilenetv1"]
    free = ask("plan", model, "--max-macs", "inf")["peak_ram"]
    bounds = ["--max-ram", free, "--max-macs", "1.001"]
    hint = ask("plan", model, *bounds, code=3)["error"]["problems"][0]["hint"]
    ram, macs = (re.search(rf"{o} ([\d.]+)", hint) for o in ("--max-ram", "--max-macs"))
    assert ram
    assert macs
    ask("plan", model, "--max-ram", ram[1], "--max-macs", "1.001")
    ask("plan", model, "--max-ram", free, "--max-macs", macs[1])


def test_what_two_kilobytes_buy_in_time(networks: dict[str, Path], ask: Ask) -> None:
    model = networks["resnet8"]
    ram = ask("plan", model)["peak_ram"] + 4096
    plan = ask("plan", model, "--max-ram", ram)
    more, less = plan["nearby"]
    assert (more["ram"], less["ram"]) == (ram + 2048, ram - 2048)
    assert more["change"] <= 0 <= less["change"]
    for neighbour in (more, less):
        assert neighbour["macs"] == ask("plan", model, "--max-ram", neighbour["ram"])["macs"]


def test_for_people(
    networks: dict[str, Path], ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    model = networks["resnet8"]
    plan = ask("plan", model)
    assert main(["plan", str(model)]) == 0
    text = capsys.readouterr().out
    (marked,) = [line for line in text.splitlines() if line.endswith("<- peak")]
    binding = plan["stages"][plan["largest_stage"]]
    assert marked.startswith(binding["ops"][0])
    assert f"{binding['ram']['total']:,}" in marked
    assert f"{plan['peak_ram']:,} bytes of arena, beside the caller's image of 3,072" in text
    assert "2 KB more" in text
    assert "2 KB less" in text
    points = ask("plan", model, "--pareto")["points"]
    assert main(["plan", str(model), "--pareto"]) == 0
    front = capsys.readouterr().out
    assert all(f"{point['macs']:,}" in front for point in points)


# the paper's tables 1 and 2, as its artifact prints them: F <= 1.1, F <= 1.3, unbounded
PAPER = {
    "chain_mbv2_w035_r144": (67905, 21288, 7887),
    "chain_mn2_vww5_r80": (32792, 17760, 12000),
    "chain_mn2_320k_r176": (190096, 186032, 42643),
}


@pytest.mark.parametrize("name", PAPER)
def test_the_papers_tables(name: str, shared_models: Path, ask: Ask) -> None:
    model = shared_models / f"{name}.onnx"
    for bound, published in zip(("1.1", "1.3", "inf"), PAPER[name], strict=True):
        plan = ask("plan", model, "--schemes", "paper", "--max-macs", bound)
        check_sums(plan)
        assert plan["accounting"] == "paper"
        assert plan["peak_ram_without_io"] == pytest.approx(published, rel=0.03)
        assert plan["engine"]["peak_ram_without_io"] < published


def test_the_papers_plans_are_generated(
    networks: dict[str, Path], ask: Ask, tmp_path: Path
) -> None:
    options = ["--schemes", "paper", "--max-macs", "inf"]
    for name in ("digits", "resnet8"):
        for mode in ("image", "push", "pull"):
            plan = ask("plan", networks[name], *options, "--input", mode)
            made = ask("generate", networks[name], "--out", tmp_path, *options, "--input", mode)
            assert plan["engine"]["peak_ram"] == made["peak_ram"]
            assert plan["engine"]["macs"] == made["macs"]
            bands = {s["band_rows"] for s in plan["stages"] if s["scheme"] == "h_cache"}
            assert bands <= {1}


def test_who_waits_sees_something(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, shown in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr("sys.stderr", stream)
        with progress("planning"):
            time.sleep(0.2)
        assert ("planning" in stream.getvalue()) is shown
        assert not shown or stream.getvalue().endswith("\x1b[2K")  # the line is cleared


@pytest.mark.long
def test_a_bound_on_ram_asks_for_speed(networks: dict[str, Path], ask: Ask) -> None:
    model = networks["mbv2"]
    limit = ask("plan", model)["peak_ram"] + 4096
    fast = ask("plan", model, "--max-ram", limit)
    assert fast["peak_ram"] <= limit
    few = ask("plan", model, "--max-ram", limit, *ANY_MACS)
    assert few["macs"] <= fast["macs"]
    seconds = {}
    for factor in ("1", "1.5", "inf"):
        seconds[factor] = ask("plan", model, "--max-time-factor", factor)
    rams = [found["peak_ram"] for found in seconds.values()]
    assert rams == sorted(rams, reverse=True)
    assert main(["plan", str(model), "--max-time-factor", "2", "--max-macs", "2"]) == 2


@pytest.mark.parametrize(
    ("board", "bounds"),
    [
        ("hifive1b", ()),
        ("hifive1b", ("--max-ram", "7K")),
        ("hifive1b", ("--max-macs", "1.1")),
        ("hifive1b", ("--max-ram", "7K", "--max-macs", "1.2")),
        ("nucleo-f767zi", ()),
        ("native64", ()),
        ("qemu-microbit", ()),
    ],
)
@pytest.mark.parametrize("network", ["digits", "resnet8"])
def test_a_plan_for_a_board_is_the_one_that_is_built(
    board: str, bounds: tuple[str, ...], network: str, networks: dict[str, Path], ask: Ask
) -> None:
    number = parse_size(bounds[1]) if "--max-ram" in bounds else None
    factor = float(bounds[-1]) if "--max-macs" in bounds else None
    model = networks[network]
    request = Request(find_board(board), model, max_ram=number, max_macs=factor)
    built, least = None, None
    try:
        built = msfcnn.generate(model, request.options, name="net")
    except InfeasibleError as error:
        least = error.best_ram
    planned = ask("plan", model, "--board", board, *bounds, code=0 if built else 3)
    if built is None:
        assert planned["error"]["best_ram"] == least
        return
    figures = ("peak_ram", "macs", "recompute_factor")
    assert {key: planned[key] for key in figures} == {
        key: getattr(code_report(built), key) for key in figures
    }


def test_a_board_gives_kernels_and_time(ask: Ask) -> None:
    plain = ask("plan", DIGITS)["estimate"]
    assert (plain["isa"], plain["clock"], plain["seconds"]) == ("generic", None, None)
    fast = ask("plan", DIGITS, "--board", "nucleo-f767zi")["estimate"]
    assert fast["isa"] == "armv7e-m"
    assert fast["instructions"] < plain["instructions"]
    assert fast["seconds"] == pytest.approx(fast["cycles"] / fast["clock"])
    assert fast["cycles_kind"] == "assumed"
    small = ask("plan", DIGITS, "--board", "microbit")["estimate"]
    assert small["core"] == "cortex-m0"
    assert small["instructions"] > fast["instructions"]
