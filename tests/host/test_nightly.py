"""Nightly runs: planted regressions are caught and named, interruptions resumed."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import onnx
import pytest
from nightly_runs import BOARDS, GOOD, fake, settings_file, three_boards
from onnx import numpy_helper

from msfcnn.cli import main
from msfcnn.errors import UsageError
from msfcnn.firmware.process import Finished, run_bounded
from msfcnn.nightly import job as jobs
from msfcnn.nightly.campaign import Report, accept, run_all
from msfcnn.nightly.compare import percent
from msfcnn.nightly.history import History
from msfcnn.nightly.job import as_result
from msfcnn.nightly.junit import junit_xml
from msfcnn.nightly.settings import Job, Settings, read_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return three_boards(tmp_path)


def states(report: Report) -> dict[str, str]:
    return {verdict.job.partition("/")[2]: verdict.state for verdict in report.verdicts}


def reasons(report: Report, board: str) -> tuple[str, ...]:
    return next(v.reasons for v in report.verdicts if v.job == f"a/{board}")


# --- comparing


def test_first_run_is_new_and_the_next_one_passes(settings: Settings) -> None:
    first = run_all(settings, execute=fake())
    assert set(states(first).values()) == {"new"}
    assert first.run.accepted
    second = run_all(settings, execute=fake())
    assert set(states(second).values()) == {"passed"}
    assert (second.exit_code, second.run.accepted) == (0, True)
    assert second.run.name > first.run.name


def test_one_more_byte_of_arena(settings: Settings) -> None:
    run_all(settings, execute=fake())
    report = run_all(settings, execute=fake(native64={"ram": {"arena": 1001}}))
    assert states(report) == {b: "regressed" if b == "native64" else "passed" for b in BOARDS}
    assert reasons(report, "native64") == ("arena grew by 1 bytes: 1000 to 1001",)
    assert report.exit_code == 4
    assert not report.run.accepted


@pytest.mark.parametrize("part", ["state", "stack", "static_rest", "stack_used"])
def test_one_more_byte_of_other_ram(settings: Settings, part: str) -> None:
    run_all(settings, execute=fake())
    more = {"ram": {part: GOOD["ram"][part] + 1}}
    report = run_all(settings, execute=fake(qemu_mps2_an386=more))
    assert states(report)["qemu-mps2-an386"] == "regressed"


def test_less_ram_is_fine_and_becomes_the_limit(settings: Settings) -> None:
    run_all(settings, execute=fake())
    assert run_all(settings, execute=fake(host={"ram": {"arena": 900}})).exit_code == 0
    report = run_all(settings, execute=fake())
    assert reasons(report, "host") == ("arena grew by 100 bytes: 900 to 1000",)


def test_a_regression_is_compared_with_the_accepted_run_until_it_is_accepted(
    settings: Settings,
) -> None:
    run_all(settings, execute=fake())
    more = fake(host={"ram": {"arena": 1001}})
    assert run_all(settings, execute=more).exit_code == 4
    assert run_all(settings, execute=more).exit_code == 4
    accept(settings.keep)
    assert run_all(settings, execute=more).exit_code == 0


def test_changed_outputs(settings: Settings) -> None:
    run_all(settings, execute=fake())
    changed = {"outputs": ["0000002a", "00000008"]}
    every = fake(host=changed, native64=changed, qemu_mps2_an386=changed)
    report = run_all(settings, execute=every)
    text = "outputs changed: CRC of the first that differs 00000007 to 00000008"
    assert reasons(report, "host") == (text,)


def test_a_board_that_disagrees_with_the_others(settings: Settings) -> None:
    report = run_all(settings, execute=fake(native64={"outputs": ["0000002a", "00000008"]}))
    assert reasons(report, "native64") == ("outputs differ from those on host, qemu-mps2-an386",)
    assert states(report) == {b: "disagrees" if b == "native64" else "new" for b in BOARDS}
    assert report.exit_code == 4


def test_most_boards_are_right(settings: Settings) -> None:
    """The one that differs is named, also if it is the first."""
    report = run_all(settings, execute=fake(host={"outputs": ["0000002a", "00000008"]}))
    assert states(report)["host"] == "disagrees"
    assert reasons(report, "host") == ("outputs differ from those on native64, qemu-mps2-an386",)


def test_a_changed_model_file_is_said(settings: Settings, tmp_path: Path) -> None:
    run_all(settings, execute=fake())
    assert all(not verdict.notes for verdict in run_all(settings, execute=fake()).verdicts)
    (tmp_path / "a.onnx").write_bytes(b"another model")
    report = run_all(settings, execute=fake())
    assert set(states(report).values()) == {"passed"}
    for verdict in report.verdicts:
        (note,) = verdict.notes
        assert note.startswith("the model's file has changed since the accepted run (")


def test_lower_accuracy(settings: Settings) -> None:
    run_all(settings, execute=fake(host={"accuracy": 0.9978}))
    assert run_all(settings, execute=fake(host={"accuracy": 0.9978})).exit_code == 0
    report = run_all(settings, execute=fake(host={"accuracy": 0.991}))
    assert reasons(report, "host") == ("accuracy fell from 99.78 % to 99.10 %",)
    assert report.exit_code == 4


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (1.11, "111 %"),
        (10.0, "1,000 %"),
        (0.1, "10 %"),
        (0.034, "3.4 %"),
        (1e-7, "less than 0.1 %"),
        (0.0, "0 %"),
    ],
)
def test_percentages_read(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("board", "time_us", "state"),
    [
        ("host", 1900.0, "passed"),
        ("host", 2100.0, "regressed"),
        ("qemu-mps2-an386", 1000.0, "passed"),
        ("qemu-mps2-an386", 1001.0, "regressed"),
    ],
)
def test_time(settings: Settings, board: str, time_us: float, state: str) -> None:
    run_all(settings, execute=fake())
    report = run_all(settings, execute=fake(**{board.replace("-", "_"): {"time_us": time_us}}))
    assert states(report)[board] == state
    text = {2100.0: "110 % slower, limit 100 %", 1001.0: "0.1 % slower, limit 0 %"}.get(time_us)
    expected = () if text is None else (f"{text}: 1,000 to {time_us:,.0f} us",)
    assert reasons(report, board) == expected


def test_a_board_that_fails_does_not_stop_the_rest(settings: Settings) -> None:
    broken = {"state": "failed", "reason": "it did not end"}
    report = run_all(settings, execute=fake(host=broken))
    assert states(report) == {"host": "failed", "native64": "new", "qemu-mps2-an386": "new"}
    assert reasons(report, "host") == ("it did not end",)
    assert report.exit_code == 5


def test_absent_boards(tmp_path: Path, settings: Settings) -> None:
    away = {"state": "absent", "reason": "RIOT: not found"}
    assert run_all(settings, execute=fake(native64=away)).exit_code == 5
    text = settings.source.read_text() + "absent: skip\n"
    report = run_all(read_settings(settings_file(tmp_path, text)), execute=fake(native64=away))
    assert report.exit_code == 0
    assert states(report)["native64"] == "absent"
    case = ElementTree.fromstring(junit_xml(report)).find(".//testcase[@name='native64']")
    assert case is not None
    assert case.find("skipped") is not None


# --- interruptions


def test_an_interrupted_run_goes_on(settings: Settings) -> None:
    begun: list[str] = []

    def breaking(job: Job, model: Path, root: Path) -> Mapping[str, Any]:
        begun.append(job.board.name)
        if len(begun) == 2:
            raise KeyboardInterrupt
        return fake()(job, model, root)

    with pytest.raises(KeyboardInterrupt):
        run_all(settings, execute=breaking)
    history = settings.keep / "history.jsonl"
    history.write_bytes(history.read_bytes() + b'{"event": "result", "run"')  # torn by the break
    report = run_all(settings, execute=breaking)
    assert begun == ["host", "native64", "native64", "qemu-mps2-an386"]
    assert (report.resumed, report.exit_code) == (1, 0)
    assert len(History(settings.keep).runs) == 1
    assert set(states(run_all(settings, execute=fake())).values()) == {"passed"}


def test_what_has_changed_meanwhile_begins_anew(settings: Settings, tmp_path: Path) -> None:
    def breaking(job: Job, model: Path, root: Path) -> Mapping[str, Any]:
        if job.board.name == "native64":
            raise KeyboardInterrupt
        return fake()(job, model, root)

    with pytest.raises(KeyboardInterrupt):
        run_all(settings, execute=breaking)
    (tmp_path / "a.onnx").write_bytes(b"another model")
    assert run_all(settings, execute=fake()).resumed == 0
    with pytest.raises(KeyboardInterrupt):
        run_all(settings, execute=breaking)
    assert run_all(settings, fresh=True, execute=fake()).resumed == 0


def test_nothing_to_accept(settings: Settings) -> None:
    with pytest.raises(UsageError, match="there is no run to accept"):
        accept(settings.keep)


# --- reports


def test_reports_name_what_is_wrong(settings: Settings) -> None:
    run_all(settings, execute=fake())
    broken = {"state": "failed", "reason": "did not end within 5 s & <stopped>"}
    report = run_all(settings, execute=fake(host=broken, native64={"ram": {"arena": 1001}}))
    suite = ElementTree.fromstring(junit_xml(report)).find("testsuite")
    assert suite is not None
    counts = [suite.get(key) for key in ("tests", "failures", "errors", "skipped")]
    assert counts == ["3", "1", "1", "0"]
    error, failure = suite.find(".//error"), suite.find(".//failure")
    assert error is not None
    assert failure is not None
    assert error.get("message") == broken["reason"]
    assert failure.get("message") == "arena grew by 1 bytes: 1000 to 1001"


# --- a job's own process


def test_a_job_that_hangs_is_ended(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code = "import time; print('begun', flush=True); time.sleep(60)"
    monkeypatch.setattr(jobs, "command", lambda job, model, root: [sys.executable, "-c", code])
    monkeypatch.setattr(jobs, "run_bounded", lambda words, seconds: run_bounded(words, 0.5))
    begin = time.monotonic()
    result = jobs.run_job(settings.jobs[0], tmp_path, tmp_path)
    assert time.monotonic() - begin < 20
    assert result["state"] == "failed"
    assert result["reason"].startswith("did not end within ")


def test_a_job_that_breaks(settings: Settings) -> None:
    result = as_result(settings.jobs[0], Finished(139, "Segmentation fault\n", 1.0), 5)
    assert result["state"] == "failed"
    assert "exit code 139: Segmentation fault" in result["reason"]


@pytest.mark.parametrize(("kind", "state"), [("board", "failed"), ("absent", "absent")])
def test_a_job_that_reports_an_error(settings: Settings, kind: str, state: str) -> None:
    problem = {"where": "host", "what": "does not work", "hint": "mend it", "kind": ""}
    data = {"schema_version": 1, "error": {"kind": kind, "problems": [problem]}}
    text = "error: ...\n" + json.dumps(data, indent=2)
    result = as_result(settings.jobs[0], Finished(5, text, 1.0), 5)
    assert (result["state"], result["reason"]) == (state, "does not work (mend it)")


# --- for real, on the host


def flip_a_weight(path: Path) -> None:
    model = onnx.load(path)
    weights = max(
        (t for t in model.graph.initializer if t.data_type == onnx.TensorProto.INT8),
        key=lambda t: int(np.prod(t.dims)),
    )
    values = numpy_helper.to_array(weights).copy()
    values.reshape(-1)[0] ^= 0x40
    weights.CopyFrom(numpy_helper.from_array(values, weights.name))
    onnx.save(model, path)


@pytest.mark.long
def test_host_for_real_and_a_flipped_weight(
    tmp_path: Path, repo_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("digits.onnx", "digits_test.npz"):
        shutil.copy(repo_root / "apps" / "digits" / name, tmp_path / name)
    model = "{file: digits.onnx, dataset: digits_test.npz}"
    text = f"models: {{digits: {model}}}\nboards: [host]\nkeep: k\nslower: {{host: 1000}}\n"
    path = settings_file(tmp_path, text)
    assert main(["nightly", str(path)]) == 0
    assert main(["nightly", str(path)]) == 0
    assert "passed" in capsys.readouterr().out
    flip_a_weight(tmp_path / "digits.onnx")
    assert main(["nightly", str(path), "--json"]) == 4
    (job,) = json.loads(capsys.readouterr().out)["jobs"]
    assert job["state"] == "regressed"
    assert job["reasons"][0].startswith("outputs changed: CRC of the first that differs ")
    assert job["notes"][0].startswith("the model's file has changed since the accepted run (")
    assert 0.9 < job["result"]["accuracy"] <= 1
    for file in ("history.jsonl", "junit.xml", "index.html"):
        assert (tmp_path / "k" / file).stat().st_size > 100
