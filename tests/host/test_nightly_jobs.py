"""What a night makes of `msfcnn test` and `msfcnn verify`: results, whatever these print."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nightly_runs import GOOD, three_boards

from msfcnn.cli.app import build_parser
from msfcnn.firmware import Finished
from msfcnn.nightly import job as jobs
from msfcnn.nightly.job import as_result, command, run_job
from msfcnn.nightly.settings import Job

CHECKS = [{"name": "outputs", "holds": True, "what": "4 equal the reference"}]
TRIED: Mapping[str, Any] = {
    "board": "host",
    "planned": {"peak_ram": 1000, "macs": 10, "recompute_factor": 1.0},
    "tally": {"state": 100, "stack": 512, "static_rest": 90, "ram": 1702, "flash": 9000},
    "trial": {
        "checks": CHECKS,
        "outputs": ["0000002a", "00000007"],
        "stack_used": 300,
        "median_us": 1000.0,
    },
}
PROBLEM = {"where": "model.onnx", "what": "no such file", "hint": "", "kind": ""}


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """The model `a` on the board host."""
    return three_boards(tmp_path).jobs[0]


def printed(*boards: Mapping[str, Any], before: str = "") -> str:
    return before + json.dumps({"schema_version": 1, "boards": list(boards)}, indent=2) + "\n"


def failed(*problems: Mapping[str, str], kind: str = "board") -> str:
    return json.dumps({"error": {"kind": kind, "problems": list(problems)}}, indent=2)


def done(text: str, code: int | None = 0) -> Finished:
    return Finished(code, text, 1.54)


Asked = list[Sequence[str]]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Asked]:
    """Commands answer what is given here, one after the other; returns what was asked."""

    def give(*finished: Finished) -> Asked:
        asked: Asked = []
        waiting = list(finished)

        def run(words: Sequence[str], _: float) -> Finished:
            asked.append(words)
            return waiting.pop(0)

        monkeypatch.setattr(jobs, "run_bounded", run)
        return asked

    return give


# --- the command ---


def test_the_command_is_one_that_people_can_type(job: Job, tmp_path: Path) -> None:
    words = command(job, tmp_path / "a.onnx", tmp_path / "build")
    args = build_parser().parse_args(words[3:])
    assert words[1:3] == ["-m", "msfcnn"]
    assert args.json


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ram": 20480}, ["--max-ram", "20480"]),
        ({"macs": 1.25}, ["--max-macs", "1.25"]),
        ({"input": "push"}, ["--input", "push"]),
    ],
)
def test_what_a_model_is_asked_for_is_asked_of_the_command(
    changes: dict[str, Any], words: list[str], job: Job, tmp_path: Path
) -> None:
    asked = replace(job, model=replace(job.model, **changes))
    found = list(command(asked, tmp_path, tmp_path))
    begin = found.index(words[0])
    assert found[begin : begin + 2] == words


# --- results ---


def test_a_job_that_passed(job: Job) -> None:
    result = as_result(job, done(printed(TRIED)), 60)
    assert result == {**GOOD, "model": "a", "board": job.board.name}


def test_what_stands_before_the_data_is_no_matter(job: Job) -> None:
    noise = "make: Entering directory\n{ not this }\nwarning: {}\n"
    assert as_result(job, done(printed(TRIED, before=noise)), 60)["state"] == "passed"


def test_a_check_that_does_not_hold(job: Job) -> None:
    checks = [*CHECKS, {"name": "RAM", "holds": False, "what": "arena of 9 bytes, 8 planned"}]
    tried = {**TRIED, "trial": {**TRIED["trial"], "checks": checks}}
    result = as_result(job, done(printed(tried), 4), 60)
    assert (result["state"], result["reason"]) == ("failed", "RAM: arena of 9 bytes, 8 planned")
    assert result["outputs"] == GOOD["outputs"]


def test_a_program_whose_file_could_not_be_read_has_no_sizes(job: Job) -> None:
    result = as_result(job, done(printed({**TRIED, "tally": None})), 60)
    assert result["state"] == "passed"
    assert (result["ram_total"], result["flash"]) == (None, None)
    assert result["ram"]["arena"] == 1000


@pytest.mark.parametrize("text", ["", "{\n", '{\n "boards": [', "Traceback (most recent call)"])
def test_a_command_that_breaks_off(text: str, job: Job) -> None:
    result = as_result(job, done(text, 1), 60)
    assert result["state"] == "failed"
    assert "broke off with exit code 1" in result["reason"]
    assert result["reason"].endswith(text.strip() or "nothing")


def test_the_last_words_are_short(job: Job) -> None:
    reason = as_result(job, done("x" * 10_000 + "the end", 1), 60)["reason"]
    assert reason.endswith("the end")
    assert len(reason) < 500


def test_time_that_ran_out(job: Job) -> None:
    result = as_result(job, done("", None), 90)
    assert (result["state"], result["reason"]) == ("failed", "did not end within 90 s")


def test_the_board_is_not_named_twice(job: Job) -> None:
    problem = {**PROBLEM, "where": job.board.name, "what": "is not there", "hint": "plug it in"}
    result = as_result(job, done(failed(problem, PROBLEM, kind="absent"), 5), 60)
    assert result["state"] == "absent"
    assert result["reason"] == "is not there; model.onnx: no such file (plug it in)"


# --- accuracy ---


def classified(accuracy: float | None) -> str:
    ways = [{"name": "float", "accuracy": 0.99}, {"name": "C", "accuracy": accuracy}]
    return json.dumps({"dataset": {"ways": ways}}, indent=2)


@pytest.fixture
def with_dataset(job: Job, tmp_path: Path) -> Job:
    return replace(job, model=replace(job.model, dataset=tmp_path / "pictures"))


def test_the_c_code_classifies_a_data_set(
    with_dataset: Job, answers: Callable[..., Asked], tmp_path: Path
) -> None:
    asked = answers(done(printed(TRIED)), done(classified(0.975)))
    result = run_job(with_dataset, tmp_path / "a.onnx", tmp_path)
    assert (result["state"], result["accuracy"]) == ("passed", 0.975)
    assert "verify" in asked[1]
    assert str(tmp_path / "pictures") in asked[1]


@pytest.mark.parametrize(
    ("finished", "what"),
    [
        (done(classified(None)), "no images with classes"),
        (done("", None), "did not end within"),
        (done(failed(PROBLEM), 2), "exit code 2: model.onnx: no such file"),
        (done("", 1), "exit code 1"),
    ],
)
def test_an_accuracy_that_is_not_known_is_a_failure(
    finished: Finished,
    what: str,
    with_dataset: Job,
    answers: Callable[..., Asked],
    tmp_path: Path,
) -> None:
    answers(done(printed(TRIED)), finished)
    result = run_job(with_dataset, tmp_path, tmp_path)
    assert result["state"] == "failed"
    assert result["reason"].startswith("dataset: msfcnn verify: ")
    assert what in result["reason"]
    assert "accuracy" not in result


def test_a_job_that_failed_is_not_asked_for_its_accuracy(
    with_dataset: Job, answers: Callable[..., Asked], tmp_path: Path
) -> None:
    asked = answers(done("", 1))
    assert run_job(with_dataset, tmp_path, tmp_path)["state"] == "failed"
    assert len(asked) == 1


def test_only_this_computer_classifies_a_data_set(
    answers: Callable[..., Asked], tmp_path: Path
) -> None:
    """On a board it would take hours, and its bytes are the same, or its job fails."""
    other = three_boards(tmp_path).jobs[1]
    assert other.board.runner != "host"
    asked = answers(done(printed(TRIED)))
    run_job(replace(other, model=replace(other.model, dataset=tmp_path)), tmp_path, tmp_path)
    assert len(asked) == 1
