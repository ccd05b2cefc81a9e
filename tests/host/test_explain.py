"""`explain`: stages in motion, compared with the windows that the planner gives them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from random_models import random_model
from random_plans import random_plan

import msfcnn
from msfcnn.cli import main
from msfcnn.fusion import network
from msfcnn.ir import InputMode
from msfcnn.report.steps import moments
from msfcnn.schedule import schedule

DIGITS = Path(__file__).resolve().parents[2] / "apps" / "digits" / "digits.onnx"


@pytest.mark.parametrize("seed", range(40))
def test_what_is_resident_fits_the_windows(seed: int) -> None:
    """Lines are computed once and in order; those still needed fit their window."""
    model, rng = random_model(seed), np.random.default_rng(seed)
    mode = tuple(InputMode)[seed % 3]
    found = schedule(random_plan(network(model, mode), rng), stretch=False)
    for stage in found.stages:
        seen = moments(stage, model)
        before: dict[str, int] = {}
        dead: dict[str, int] = {}
        for row in seen:
            for lines in row:
                assert 0 <= lines.before <= lines.written <= lines.lines
                assert before.get(lines.tensor, lines.before) == lines.before
                assert dead.get(lines.tensor, 0) <= lines.dead <= lines.lines
                if lines.room is not None:
                    assert lines.resident <= lines.room
                before[lines.tensor], dead[lines.tensor] = lines.written, lines.dead
        dies = stage.edge.network.dies
        stays = {model.tensors[t].name for t in dies if dies[t] >= stage.edge.last}
        for lines in seen[-1]:
            if lines.tensor in stays:
                assert (lines.written, lines.dead) == (lines.lines, 0)
            else:
                assert lines.resident == 0


def test_a_window_keeps_what_its_next_line_needs() -> None:
    """Worked out by hand: stride 2, padding 2, five lines of kernel over 16 lines."""
    found = msfcnn.explain(DIGITS, 2)
    assert (found.unit, found.bands, len(found.moments)) == ("row", 1, 8)
    window = [next(lines for lines in row if lines.room is not None) for row in found.moments]
    assert [(w.before, w.written) for w in window[:3]] == [(0, 3), (3, 5), (5, 7)]
    assert [w.dead for w in window[:3]] == [0, 2, 4]


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["explain", str(DIGITS), "--stage", "2"]
    assert main([*words, "--line", "1"]) == 0
    text = capsys.readouterr().out
    assert "after line 1 of the output" in text
    assert "###++" not in text
    assert "..#++" in text  # two lines dead, one kept, two new ones
    assert main([*words, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["moments"]) == 8


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--stage", "0"], "there is no stage 0"),
        (["--stage", "99"], "the plan has the stages 1 to"),
        (["--stage", "2", "--line", "8"], "give 0 to 7"),
    ],
)
def test_what_does_not_exist(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", str(DIGITS), *words]) == 2
    assert complaint in capsys.readouterr().err
