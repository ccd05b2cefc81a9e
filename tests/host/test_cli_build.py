"""What `scons NAME=VALUE` takes, and that it says what is wrong without a traceback."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from msfcnn.boards import load_boards
from msfcnn.cli.build_settings import read_settings
from msfcnn.errors import BoardError, UsageError


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "my-net 1.onnx"
    path.touch()
    return str(path)


def problems(variables: dict[str, str], *targets: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        read_settings(variables, targets)
    return [f"{p.where} {p.what}" for p in caught.value.problems]


def test_defaults(model: str) -> None:
    settings = read_settings({"model": model})
    assert [board.name for board in settings.boards] == ["host"]
    assert settings.host
    assert settings.name == "my_net_1"
    assert settings.directory == "build/host/my_net_1"
    assert settings.generate_options == ("--isa", "generic", "--input", "image")


def test_bounds(model: str) -> None:
    ram = read_settings({"model": model, "ram": "16K", "input": "push"})
    assert ram.generate_options[-3:] == ("push", "--max-ram", "16384")
    macs = read_settings({"model": model, "macs": "1.2"})
    assert macs.generate_options[-2:] == ("--max-macs", "1.2")


def test_boards(model: str) -> None:
    settings = read_settings({"model": model, "board": "host,hifive1b,host", "ram": "16K"})
    assert not settings.host
    assert settings.directories == ("build/host/my_net_1", "build/hifive1b/my_net_1")
    words = settings.words("build", "x.onnx", "--more")
    assert words[:4] == ["build", "x.onnx", "--board", "host,hifive1b"]
    assert words[-3:] == ["--max-ram", "16384", "--more"]


def test_all_boards(model: str) -> None:
    names = [board.name for board in read_settings({"model": model, "board": "all"}).boards]
    assert names == list(load_boards())


def test_each_board_keeps_its_own_limit(model: str) -> None:
    settings = read_settings({"model": model, "board": "hifive1b"})
    assert "--max-ram" not in settings.program_options
    assert settings.generate_options[-2] == "--max-ram"


def test_another_application_has_its_own_directory(model: str) -> None:
    settings = read_settings({"model": model, "board": "native64", "app": "apps/digits"})
    assert settings.directory == "build/native64/my_net_1-digits"


def test_the_host_runs_no_application(model: str) -> None:
    assert problems({"model": model, "app": "digits"}) == [
        "app= board=host runs no RIOT application"
    ]


def test_pulled_input_is_planned_as_pushed(model: str) -> None:
    settings = read_settings({"model": model, "board": "native64", "input": "pull"})
    assert settings.generate_options[2:4] == ("--input", "push")
    assert settings.program_options[4:6] == ("--input", "pull")


def test_unknown_target(model: str) -> None:
    assert problems({"model": model}, "verfy", "test") == ["verfy there is no such target"]


def test_only_one_bound(model: str) -> None:
    assert problems({"model": model, "ram": "1K", "macs": "2"}) == [
        "ram= macs= only one of the two can be given"
    ]


def test_all_at_once(model: str) -> None:
    found = problems(
        {"modle": model, "model": "none.onnx", "ram": "x", "calib": "no.npz", "input": "z"}
    )
    assert found == [
        "modle= there is no such variable",
        "input= there is no input 'z'",
        "none.onnx no such file",
        "no.npz no such file",
        "ram= 'x' is not a size",
    ]


def test_unknown_board_is_an_error_of_its_own(model: str) -> None:
    with pytest.raises(BoardError) as caught:
        read_settings({"model": model, "board": "hots,host,nucle"})
    assert [p.what for p in caught.value.problems] == [
        "there is no board 'hots'",
        "there is no board 'nucle'",
    ]


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (["modle=x", "model=README.md"], 2, "error: modle=: there is no such variable\n"),
        (["board=hots", "model=README.md"], 5, "error: board: there is no board 'hots'\n"),
        (["model=none.onnx"], 2, "error: none.onnx: no such file\n"),
        (["verfy"], 2, "error: verfy: there is no such target\n  hint: did you mean verify?\n"),
        (["flash"], 2, "error: host: has nothing to flash"),
        (["-h"], 0, ""),
    ],
)
def test_scons(
    words: list[str],
    code: int,
    complaint: str,
    repo_root: Path,
    require_tool: Callable[[str], str],
) -> None:
    scons = [require_tool("scons"), *words]
    done = subprocess.run(scons, cwd=repo_root, capture_output=True, text=True)
    assert done.returncode == code
    assert done.stderr.startswith(complaint)
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.long
def test_scons_builds_once_and_reports_always(
    tmp_path: Path, repo_root: Path, shared_models: Path, require_tool: Callable[[str], str]
) -> None:
    (tmp_path / "SConstruct").symlink_to(repo_root / "SConstruct")
    (tmp_path / "host").symlink_to(repo_root / "host")
    model = tmp_path / "int 8.onnx"
    shutil.copy(shared_models / "digits_cnn.onnx", model)
    shutil.copy(shared_models / "digits_cnn.npz", tmp_path / "int 8_test.npz")

    def scons(*words: str) -> tuple[int, str]:
        command = [require_tool("scons"), f"model={model.name}", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    code, text = scons()
    assert code == 0, text
    assert "msfcnn generate 'int 8.onnx'" in text
    assert "accuracy" in text
    start = time.monotonic()
    code, text = scons()
    assert code == 0, text
    assert "accuracy" in text
    assert "msfcnn generate" not in text
    assert "msfcnn run" not in text
    assert time.monotonic() - start < 3
    code, text = scons("ram=1K")
    assert code == 3
    assert "Traceback" not in text
    assert scons("-c")[0] == 0
    assert not (tmp_path / "build" / "host" / "int_8").exists()
