"""Nightly runs: planted regressions are caught and named, interruptions resumed."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from msfcnn.cli import main
from msfcnn.errors import UsageError
from msfcnn.firmware.process import Finished, run_bounded
from msfcnn.nightly import job as jobs
from msfcnn.nightly.campaign import Report, accept, run_all
from msfcnn.nightly.history import History
from msfcnn.nightly.job import as_result
from msfcnn.nightly.junit import junit_xml
from msfcnn.nightly.page import html_page
from msfcnn.nightly.plot import Point, plot
from msfcnn.nightly.settings import Job, Settings, read_settings

BOARDS = ("host", "native64", "qemu-mps2-an386")
GOOD: Mapping[str, Any] = {
    "state": "passed",
    "reason": "",
    "outputs": ["0000002a", "00000007"],
    "ram": {"arena": 1000, "state": 100, "stack": 512, "static_rest": 90, "stack_used": 300},
    "ram_total": 1702,
    "flash": 9000,
    "macs": 10,
    "recompute_factor": 1.0,
    "time_us": 1000.0,
    "seconds": 1.5,
}


def settings_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "nightly.yaml"
    path.write_text(text)
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "a.onnx").write_bytes(b"model")
    text = f"models: {{a: {{file: a.onnx}}}}\nboards: [{', '.join(BOARDS)}]\nkeep: kept\n"
    return read_settings(settings_file(tmp_path, text))


def fake(**changes: Mapping[str, Any]) -> Callable[[Job, Path, Path], Mapping[str, Any]]:
    """Runs nothing: good results, changed for the boards named."""

    def execute(job: Job, model: Path, root: Path) -> Mapping[str, Any]:
        change = changes.get(job.board.name.replace("-", "_"), {})
        result = {**GOOD, "model": job.model.name, "board": job.board.name, **change}
        return {**result, "ram": {**GOOD["ram"], **change.get("ram", {})}}

    return execute


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
    assert reasons(report, "native64") == ("outputs differ from those on host",)
    assert report.exit_code == 4


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
    assert all(reason.startswith("slower by ") for reason in reasons(report, board))


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

    page = html_page(report, History(settings.keep))
    assert "did not end within 5 s &amp; &lt;stopped&gt;" in page
    assert "arena grew by 1 bytes: 1000 to 1001" in page
    assert page.count("<svg") == 6  # RAM and time of three boards
    assert "<script" not in page
    assert "http" not in page  # it stands alone
    assert page.startswith("<!doctype html>")
    assert page.count('<td class="n">1,001</td>') == 1
    for run in History(settings.keep).runs:
        assert page.count(f"<title>{run}: ") == (6 if run != report.run.name else 4)


def test_plots_have_gaps_where_values_lack() -> None:
    points = [Point("a", 1.0, ""), Point("b", None, ""), Point("c", 3.0, "refused")]
    found = plot(points, "ms")
    assert found is not None
    assert found.path == "M6.0 36.0 M130.0 8.0"
    assert [(mark.title, mark.kind) for mark in found.marks] == [
        ("a: 1 ms", ""),
        ("c: 3 ms", "refused"),
    ]
    assert [word.title for word in found.words] == ["3", "1"]
    assert plot([Point("a", None, "")], "ms") is None


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


def test_host_for_real_and_a_flipped_weight(
    tmp_path: Path, repo_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("digits.onnx", "digits_test.npz"):
        shutil.copy(repo_root / "apps" / "digits" / name, tmp_path / name)
    text = "models: {digits: {file: digits.onnx}}\nboards: [host]\nkeep: k\nslower: {host: 1000}\n"
    path = settings_file(tmp_path, text)
    assert main(["nightly", str(path)]) == 0
    assert main(["nightly", str(path)]) == 0
    assert "passed" in capsys.readouterr().out
    flip_a_weight(tmp_path / "digits.onnx")
    assert main(["nightly", str(path), "--json"]) == 4
    (job,) = json.loads(capsys.readouterr().out)["jobs"]
    assert job["state"] == "regressed"
    assert job["reasons"][0].startswith("outputs changed: CRC of the first that differs ")
    for file in ("history.jsonl", "junit.xml", "index.html"):
        assert (tmp_path / "k" / file).stat().st_size > 100


# --- the settings' rules


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        read_settings(settings_file(tmp_path, text))
    (problem,) = caught.value.problems
    return f"{problem.where}: {problem.what}; {problem.hint}"


GOOD_MODEL = "models: {a: {zoo: mbv2}}\n"
GOOD_BOARDS = "boards: [host]\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", "says nothing to run; it holds 'models:'"),
        ("a: }", "nightly.yaml: line 1: expected"),
        (GOOD_BOARDS, "nightly.yaml: has no models; write models:"),
        (GOOD_MODEL, "nightly.yaml: boards: are not given; write boards: [host"),
        (GOOD_MODEL + "boards: [hots]", "there is no board 'hots'; did you mean host?"),
        (GOOD_MODEL + GOOD_BOARDS + "kep: x", "unknown key 'kep'; did you mean keep?"),
        (GOOD_MODEL + GOOD_BOARDS + "keep: 5", "keep: is not a directory"),
        (GOOD_MODEL + GOOD_BOARDS + "absent: no", "write absent: fail or skip"),
        (GOOD_MODEL + GOOD_BOARDS + "slower: {hots: 1}", "hots: 1; write slower: {default"),
        (GOOD_MODEL + GOOD_BOARDS + "slower: {host: x}", "host: 'x'; write slower"),
        (GOOD_MODEL + GOOD_BOARDS + "slower: 1", "slower: : 1; write slower"),
    ],
)
def test_rules(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in complaint(tmp_path, text)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{file: none.onnx}", "a: file: none.onnx: no such file; paths count from "),
        ("{}", "a: says neither or both of file and zoo"),
        ("{zoo: x, file: y}", "a: says neither or both of file and zoo"),
        ("{zoo: x, widht: 1}", "a: unknown key 'widht'; did you mean width?"),
        ("{zoo: x, width: wide}", "a: width: 'wide' is not a number"),
        ("{file: nightly.yaml, width: 1}", "a: width: means nothing to a file"),
        ("{zoo: x, ram: lots}", "a: ram: 'lots' is not a size"),
        ("{zoo: x, macs: 0.5}", "a: macs: '0.5' is not a recompute factor"),
        ("{zoo: x, ram: 1K, macs: 2}", "a: ram and macs are both given"),
        ("{zoo: x, input: camera}", "a: input: 'camera' is not known; write input: image or"),
        ("{zoo: x, boards: []}", "a: boards: are not given"),
    ],
)
def test_rules_of_models(tmp_path: Path, entry: str, expected: str) -> None:
    assert expected in complaint(tmp_path, f"models: {{a: {entry}}}\n" + GOOD_BOARDS)


def test_model_name(tmp_path: Path) -> None:
    text = complaint(tmp_path, "models: {a/b: {zoo: mbv2}}\n" + GOOD_BOARDS)
    assert "'a/b' is not a name" in text


def test_a_model_may_have_its_own_boards(tmp_path: Path) -> None:
    text = "models: {a: {zoo: mbv2, width: 0.35, boards: [rpi-pico]}, b: {zoo: ds-cnn}}\n"
    found = read_settings(settings_file(tmp_path, text + GOOD_BOARDS + "slower: {default: 0.2}\n"))
    assert [job.key for job in found.jobs] == ["a/rpi-pico", "b/host"]
    assert found.jobs[0].model.zoo_options == {"width": 0.35}
    assert found.jobs[0].slower == 0.2


def test_own_settings_are_valid(repo_root: Path) -> None:
    assert read_settings(repo_root / "nightly.yaml").jobs
