"""The command line: help, JSON, errors and exit codes of every verb."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from msfcnn.cli import app, main, ops
from msfcnn.cli.parser import Outcome
from msfcnn.errors import InfeasibleError, InternalError, ModelError, Problem, UsageError
from msfcnn.render import Verbatim

VERBS = [verb.NAME for verb in app.VERBS]

Run = Callable[[argparse.Namespace], Outcome]


@pytest.fixture
def replace_run(monkeypatch: pytest.MonkeyPatch) -> Callable[[Run], None]:
    """Lets `msfcnn boards` do something else."""

    def replace(run: Run) -> None:
        monkeypatch.setattr(app.boards, "run", run)

    return replace


def fail_with(error: BaseException) -> Run:
    def run(args: argparse.Namespace) -> Outcome:
        raise error

    return run


def msfcnn(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "msfcnn", *words]
    return subprocess.run(command, capture_output=True, text=True, **options)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"example:\n  msfcnn {verb}" in text
    assert "--json" in text


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert "example:\n  msfcnn " in text
    assert all(f"\n    {verb}" in text for verb in VERBS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("msfcnn ")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "msfcnn: the following arguments are required: COMMAND"),
        (["bords"], "there is no command 'bords'\n  hint: did you mean boards?"),
        (["boards", "--jsn"], "unknown option --jsn\n  hint: did you mean --json?"),
        (["boards", "--jso"], "unknown option --jso\n  hint: did you mean --json?"),
        (["inspect"], "msfcnn inspect: the following arguments are required: MODEL"),
        (["inspect", "no.onnx"], "no.onnx: no such file"),
        (["generate", __file__, "--out", "x", "--max-ram", "big"], "--max-ram: 'big' is not"),
        (["generate", __file__, "--out", "x", "--max-macs", "0"], "--max-macs: '0' is not"),
        (["ops", "--markdown", "--json"], "--markdown: does not go with --json"),
    ],
)
def test_usage_errors(words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert complaint in capsys.readouterr().err


def test_a_directory_is_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(tmp_path)]) == 2
    assert f"{tmp_path}: is a directory, not a file" in capsys.readouterr().err


def test_the_closest_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "digits.onnx").touch()
    assert main(["inspect", str(tmp_path / "digit.onnx")]) == 2
    assert f"did you mean {tmp_path / 'digits.onnx'}?" in capsys.readouterr().err


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["boards", "--json"]) == 0
    captured = capsys.readouterr()
    data = json.loads(captured.out)
    assert data["schema_version"] == 2
    assert data["boards"][0]["name"] == "host"
    assert captured.err == ""


def test_json_of_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "no.onnx", "--json"]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {
        "schema_version": 2,
        "error": {
            "exit_code": 2,
            "kind": "usage",
            "problems": [{"where": "no.onnx", "what": "no such file", "hint": "", "kind": ""}],
        },
    }
    assert captured.err == "error: no.onnx: no such file\n"


def test_several_problems_are_listed_under_a_count(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    error = ModelError(
        Problem("conv_1", "has 3 dimensions", "use 2", "Conv"), Problem("x", "is missing")
    )
    monkeypatch.setattr(app.inspect, "run", fail_with(error))
    assert main(["inspect", __file__, "--json"]) == 1
    captured = capsys.readouterr()
    assert captured.err == (
        f"error: 2 problems in {__file__}\n"
        "  - conv_1 (Conv): has 3 dimensions\n"
        "    hint: use 2\n"
        "  - x: is missing\n"
    )
    assert [p["kind"] for p in json.loads(captured.out)["error"]["problems"]] == ["Conv", ""]


def test_infeasible_tells_the_best_ram(
    replace_run: Callable[[Run], None], capsys: pytest.CaptureFixture[str]
) -> None:
    replace_run(fail_with(InfeasibleError(Problem("plan", "needs more"), best_ram=7)))
    assert main(["boards", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["best_ram"] == 7


def test_names_cannot_play_tricks_on_the_terminal(
    replace_run: Callable[[Run], None], capsys: pytest.CaptureFixture[str]
) -> None:
    replace_run(fail_with(UsageError(Problem("a\x1b[2J\n", "is odd"))))
    assert main(["boards"]) == 2
    assert capsys.readouterr().err == "error: a\\x1b[2J\\n: is odd\n"


@pytest.mark.parametrize("error", [ZeroDivisionError("division by zero"), InternalError("7 != 8")])
def test_a_defect_is_called_one(
    error: Exception,
    replace_run: Callable[[Run], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replace_run(fail_with(error))
    monkeypatch.delenv("MSFCNN_DEBUG", raising=False)
    assert main(["boards", "--json"]) == 70
    captured = capsys.readouterr()
    assert f"this is a bug in msfcnn: {type(error).__name__}: {error}" in captured.err
    assert "Traceback" not in captured.err
    assert json.loads(captured.out)["error"]["exit_code"] == 70
    monkeypatch.setenv("MSFCNN_DEBUG", "1")
    assert main(["boards"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_errors_of_the_file_system_are_no_defects(
    replace_run: Callable[[Run], None], capsys: pytest.CaptureFixture[str]
) -> None:
    replace_run(fail_with(PermissionError(13, "Permission denied", "secret.onnx")))
    assert main(["boards"]) == 2
    assert capsys.readouterr().err == "error: secret.onnx: permission denied\n"


def test_a_missing_package_is_no_defect(
    replace_run: Callable[[Run], None], capsys: pytest.CaptureFixture[str]
) -> None:
    replace_run(fail_with(ModuleNotFoundError("No module", name="onnxruntime")))
    assert main(["boards"]) == 5
    assert "onnxruntime: this Python package is not installed" in capsys.readouterr().err


def test_interruption_is_quiet(
    replace_run: Callable[[Run], None], capsys: pytest.CaptureFixture[str]
) -> None:
    replace_run(fail_with(KeyboardInterrupt()))
    assert main(["boards"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_closed_pipe_is_quiet() -> None:
    code = (
        "import os, sys\n"
        "read, write = os.pipe(); os.close(read); os.dup2(write, 1)\n"
        "from msfcnn.cli import main\n"
        "sys.exit(main(['boards']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (141, "")


def test_outcome_decides_the_exit_code(
    replace_run: Callable[[Run], None], capsys: pytest.CaptureFixture[str]
) -> None:
    replace_run(lambda args: Outcome({}, (Verbatim("said"),), 4))
    assert main(["boards"]) == 4
    assert capsys.readouterr().out == "said\n"


def test_no_color_without_a_terminal() -> None:
    done = msfcnn("boards")
    assert done.returncode == 0
    assert "host" in done.stdout
    assert "\x1b" not in done.stdout


def test_any_encoding_can_show_any_name(tmp_path: Path) -> None:
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONPATH": ":".join(sys.path)}
    done = msfcnn("inspect", str(tmp_path / "µ.onnx"), env=environment)
    assert done.returncode == 2
    assert "\\xb5.onnx: no such file" in done.stderr


def test_ops_page_is_up_to_date(repo_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ops", "--markdown"]) == 0
    told = "run ./dev msfcnn ops --markdown > docs/ops.md"
    assert (repo_root / "docs" / "ops.md").read_text() == capsys.readouterr().out, told


def test_ops_as_json_and_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([ops.NAME, "--json"]) == 0
    names = {entry["op"] for entry in json.loads(capsys.readouterr().out)["operators"]}
    assert {"Conv", "Add"} <= names
    assert main([ops.NAME]) == 0
    assert "Conv" in capsys.readouterr().out
