"""The report's figures are those that `build`, `bench` and `verify` print for the same plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from riot_build import find_board, missing

from msfcnn.cli import main

pytestmark = pytest.mark.long

DIGITS = Path(__file__).resolve().parents[2] / "apps" / "digits" / "digits.onnx"
IMAGES = DIGITS.with_name("digits_test.npz")
BOARDS = ("native64", "hifive1b")


@pytest.fixture
def ask(
    riot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """A function: what a command prints as JSON; programs and benches are kept below tmp_path."""
    for name in BOARDS:
        why = missing(find_board(name))
        if why:
            pytest.skip(why)
    monkeypatch.setenv("RIOTBASE", str(riot))
    monkeypatch.chdir(tmp_path)

    def run(*words: str | Path) -> Any:
        assert main([*map(str, words), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return run


def test_they_are_the_same(ask: Any) -> None:
    names = ",".join(BOARDS)
    built = {b["board"]: b for b in ask("build", DIGITS, "--board", names)["boards"]}
    found = ask("report", DIGITS, "--board", names, "--dataset", IMAGES, "--count")
    verdicts = {v["board"]: v for v in found["verdicts"]}
    for name in BOARDS:
        tally, verdict = built[name]["tally"], verdicts[name]
        assert verdict["peak_ram"] == built[name]["planned"]["peak_ram"] == tally["arena"]
        assert verdict["ram"]["source"] == verdict["flash"]["source"] == "last build"
        assert sum(verdict["ram"]["parts"].values()) == tally["ram"]
        assert sum(verdict["flash"]["parts"].values()) == tally["flash"]

    bench = ask("bench", DIGITS, "--board", "qemu-rv32", "-Os", "--max-ram", "10K")
    assert bench["peak_ram"] == verdicts["hifive1b"]["peak_ram"]
    latency = verdicts["hifive1b"]["latency"]
    assert (latency["kind"], latency["instructions"]) == ("counted", bench["cost"])

    verified = ask("verify", DIGITS, "--dataset", IMAGES)["dataset"]
    shares = {way["name"]: way["accuracy"] for way in verified["ways"]}
    assert {way["name"]: way["accuracy"] for way in found["accuracy"]["ways"]} == shares
    assert shares["C"] > 0.99
