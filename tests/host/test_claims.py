"""What the README and the command line promise, where it once was wrong."""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path

import pytest

from msfcnn.boards import find_board
from msfcnn.cli import main
from msfcnn.cli.app import VERBS, build_parser
from msfcnn.firmware import Request, firmware
from msfcnn.options import INPUTS
from msfcnn.verifier.measuring import test_images as images_beside

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ROOT / "apps" / "digits" / "digits.onnx"
README = (ROOT / "README.md").read_text()


def test_a_model_of_the_same_name_gets_the_same_images_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those beside it, on the host and on boards; never the bundled ones because of its name."""
    base = tmp_path / "RIOT"
    base.mkdir()
    (base / "Makefile.include").touch()
    monkeypatch.setenv("RIOTBASE", str(base))
    other = tmp_path / "digits.onnx"
    shutil.copy(DIGITS, other)
    request = Request(board=find_board("native64"), model=other, root=tmp_path / "build")
    assert images_beside(other) is None
    assert firmware(request).variables["STORED_IMAGES"] == ""
    shutil.copy(DIGITS.with_name("digits_test.npz"), tmp_path)
    assert images_beside(other) == tmp_path / "digits_test.npz"
    stored = Path(firmware(request).variables["STORED_IMAGES"])
    assert stored.resolve() == (tmp_path / "digits_test.npz").resolve()


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["plam", "x.onnx"], "did you mean plan?"),
        (["plan", str(DIGITS), "--max-rm", "6K"], "did you mean --max-ram?"),
    ],
)
def test_wrong_words_get_suggestions(
    words: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert hint in capsys.readouterr().err


def test_input_means_one_thing() -> None:
    """How the image reaches the network; files of images are --images or --dataset."""
    (verbs,) = [
        action
        for action in build_parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    assert {module.NAME for module in VERBS} <= set(verbs.choices)
    found = [
        action
        for parser in verbs.choices.values()
        for action in parser._actions
        if "--input" in action.option_strings
    ]
    assert len(found) > 4
    assert all(tuple(action.choices or ()) == tuple(INPUTS) for action in found)


def test_the_readme_says_what_its_figures_are() -> None:
    assert len(README.splitlines()) < 200
    size = README[README.index("The engine with every kernel") :]
    assert "at `-Os`" in size.split("|")[0]
    assert "Xtensa (LX106)" in size
    assert "--input push" in README.split("## What it takes")[1].split("|")[0]  # arenas and images
    assert re.search(r"exact\s+within the \*plan space\*", README)
    assert "EXTERNAL_BOARD_DIRS" in README
    assert "pip install pyserial" in (ROOT / "docs" / "riot.md").read_text()


def test_no_time_is_said_at_another_optimization_than_the_size() -> None:
    """The README has sizes at -Os and no times; those of docs/comparison.md tell both."""
    assert not re.search(r"instructions (?:an|per) inference|\| instructions", README)
    time = (ROOT / "docs" / "comparison.md").read_text().split("Time is counted")[1]
    assert "`-O3`" in time
    assert "With `-Os`" in time
