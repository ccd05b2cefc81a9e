"""`msfcnn test`, `flash` and `term`: programs judged, and what has nothing to do with a board."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import msfcnn.firmware as firmware
from msfcnn.boards import find_board
from msfcnn.cli import main
from msfcnn.cli.build import REPORT
from msfcnn.cli.demo import _told
from msfcnn.errors import BoardError, MismatchError, Problem
from msfcnn.firmware import Request, Trial, build, try_out
from msfcnn.firmware.results import Output, Results
from msfcnn.firmware.trial import Check, judge

Tried = Callable[..., Trial]


@pytest.fixture(scope="module")
def trial(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """Digits on this computer."""
    digits = repo_root / "apps" / "digits" / "digits.onnx"
    root = tmp_path_factory.mktemp("build")
    return try_out(Request(board=find_board("host"), model=digits, root=root))


@pytest.fixture
def ask(
    trial: Trial,
    repo_root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str, str]]:
    """A command in which each board's program does what `tried` says: (code, output, messages)."""

    def run(verb: str, boards: str, tried: Tried | None = None, *more: str) -> tuple[int, str, str]:
        if tried is not None:
            monkeypatch.setattr(firmware, "try_out", tried)
        digits = str(repo_root / "apps" / "digits" / "digits.onnx")
        code = main([verb, digits, "--board", boards, "--root", str(tmp_path), *more])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def right(trial: Trial) -> Tried:
    """A program that does what this one did; its directory is there, as after a build."""

    def tried(request: Request, _: bool) -> Trial:
        request.directory.mkdir(parents=True, exist_ok=True)
        return trial

    return tried


def wrong(trial: Trial) -> Tried:
    checks = (*trial.checks[1:], Check("outputs", False, "image 2 differs"))
    return right(dataclasses.replace(trial, checks=checks))


def broken_on(board: str, trial: Trial) -> Tried:
    def tried(request: Request, against_host: bool) -> Trial:
        if request.board.name == board:
            raise BoardError(Problem("make", "no such compiler", "install it"))
        return right(trial)(request, against_host)

    return tried


def test_a_program_that_is_right(ask: Any, trial: Trial) -> None:
    code, out, _ = ask("test", "host", right(trial))
    assert code == 0
    rows = [line.split() for line in out.splitlines()]
    assert any(row[:1] == ["host"] and "ok" in row for row in rows)
    assert "WRONG" not in out
    assert " ms" in out


def test_a_program_that_is_wrong_is_a_mismatch(ask: Any, trial: Trial) -> None:
    code, out, _ = ask("test", "host", wrong(trial))
    assert code == MismatchError.exit_code
    assert "WRONG" in out
    assert "image 2 differs" in out


def test_data_tell_the_same(ask: Any, trial: Trial) -> None:
    code, out, _ = ask("test", "host", wrong(trial), "--json")
    (data,) = json.loads(out)["boards"]
    assert code == MismatchError.exit_code
    assert data["trial"]["passed"] is False
    assert data["trial"]["checks"][-1] == {
        "name": "outputs",
        "holds": False,
        "what": "image 2 differs",
    }


def test_a_board_that_is_broken_does_not_keep_others_from_their_turn(
    ask: Any, trial: Trial
) -> None:
    code, out, _ = ask("test", "native64,host", broken_on("native64", trial))
    assert code == BoardError.exit_code
    assert "not run" in out
    assert "make: no such compiler - install it" in out
    assert "ok" in out


def test_a_single_board_that_is_broken_is_an_error(ask: Any, trial: Trial) -> None:
    code, out, err = ask("test", "native64", broken_on("native64", trial))
    assert code == BoardError.exit_code
    assert not out
    assert "error: make: no such compiler" in err
    assert "hint: install it" in err


def test_a_wrong_program_is_worse_than_a_right_one(ask: Any, trial: Trial) -> None:
    def tried(request: Request, against_host: bool) -> Trial:
        chosen = wrong if request.board.name == "host" else right
        return chosen(trial)(request, against_host)

    assert ask("test", "native64,host", tried)[0] == MismatchError.exit_code


def test_what_was_found_is_kept_beside_the_program(ask: Any, trial: Trial, tmp_path: Path) -> None:
    ask("test", "host", right(trial))
    (path,) = tmp_path.rglob(REPORT)
    assert json.loads(path.read_text())["trial"]["passed"] is True


@pytest.mark.parametrize("boards", ["host", "native64", "host,native64"])
def test_what_has_no_flash_is_not_flashed(boards: str, ask: Any) -> None:
    code, out, err = ask("flash", boards)
    assert code == 2
    assert not out
    for board in boards.split(","):
        assert f"{board}: has nothing to flash" in err
    assert "msfcnn test" in err


@pytest.mark.parametrize(
    ("boards", "what"),
    [("host", "host: has no terminal"), ("native64,host", "one terminal shows one board")],
)
def test_where_there_is_no_terminal(boards: str, what: str, ask: Any) -> None:
    code, _, err = ask("term", boards)
    assert code == 2
    assert what in err
    assert "hint:" in err


# --- the verdict ---


def checks_of(trial: Trial, **changes: Any) -> dict[str, Check]:
    changed = dataclasses.replace(trial.results, **changes)
    return {check.name: check for check in judge(trial.built, changed)}


def test_an_output_that_differs_is_named(trial: Trial) -> None:
    first = trial.results.outputs[0]
    outputs = (dataclasses.replace(first, crc=first.crc ^ 1), *trial.results.outputs[1:])
    found = checks_of(trial, outputs=outputs)
    failed = [check for check in found.values() if not check.holds]
    assert len(failed) == 1
    assert str(len(outputs)) in failed[0].what or "differ" in failed[0].what


def test_a_program_without_outputs_has_failed(trial: Trial) -> None:
    assert not all(check.holds for check in checks_of(trial, outputs=()).values())


def test_the_verdict_does_not_depend_on_how_long_it_took(trial: Trial) -> None:
    fast, slow = (checks_of(trial, median_us=time) for time in (1.0, 1e6))
    assert [c.holds for c in fast.values()] == [c.holds for c in slow.values()]


def test_a_demo_that_computes_something_wrong_says_so(trial: Trial) -> None:
    assert "outputs equal to the reference" in _told(trial)
    with pytest.raises(MismatchError, match="outputs: image 2 differs"):
        _told(dataclasses.replace(trial, checks=(Check("outputs", False, "image 2 differs"),)))


def test_a_program_is_built_once(trial: Trial) -> None:
    again = build(trial.built.request)
    assert again.program == trial.built.program
    assert isinstance(trial.results, Results)
    assert all(isinstance(output, Output) for output in trial.results.outputs)
