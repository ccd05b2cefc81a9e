"""`scons board=...` with RIOT at hand."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Scons = Callable[..., tuple[int, str]]


@pytest.fixture
def project(tmp_path: Path, repo_root: Path, riot: Path) -> Path:
    """A directory to build in, with the project's own files."""
    for name in ("SConstruct", "host", "apps"):
        (tmp_path / name).symlink_to(repo_root / name)
    return tmp_path


@pytest.fixture
def scons(
    project: Path, require_tool: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> Scons:
    require_tool("make")
    monkeypatch.setenv("MAKEFLAGS", "-n")  # of an outer make: must not get through
    monkeypatch.setenv("MAKELEVEL", "2")

    def run(*words: str) -> tuple[int, str]:
        command = [require_tool("scons"), "-Q", *words]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.mark.long
def test_one_board_from_build_to_clean(project: Path, scons: Scons) -> None:
    code, text = scons("board=native64", "ram=64K")
    assert code == 0, text
    built = project / "build" / "native64" / "digits"
    report = json.loads((built / "build.json").read_bytes())
    size = report["tally"]
    assert size["arena"] == report["planned"]["peak_ram"]
    assert all(size[part] > 0 for part in ("engine", "tables", "weights", "state", "stack"))
    assert f"{size['flash']:,}" in text
    assert f"{size['ram']:,}" in text

    code, text = scons("report", "board=native64", "ram=64K")
    assert code == 0, text
    assert f"{size['ram']:,}" in text
    assert "msfcnn build" not in text

    code, text = scons("verify", "board=native64", "ram=64K")
    assert code == 0, text
    assert "equal the reference" in text
    assert "equal the host's" in text

    assert scons("clean", "board=native64")[0] == 0
    assert not built.exists()


@pytest.mark.long
def test_many_boards_with_one_that_cannot_be_built(project: Path, scons: Scons) -> None:
    code, text = scons("board=host,native64,esp32-wroom-32", "ram=64K")
    lines = {name: line for line in text.splitlines() for name in line.split()[:1]}
    assert (project / "build/host/digits/build.json").is_file()
    assert (project / "build/native64/digits/build.json").is_file()
    if code:  # without Espressif's toolchain
        assert code == 5
        assert "esptools/install.sh esp32" in lines["esp32-wroom-32"]


@pytest.mark.long
def test_a_limit_that_cannot_be_met_stops_before_make(project: Path, scons: Scons) -> None:
    code, text = scons("board=native64", "ram=64")
    assert code == 3, text
    assert "the network needs at least" in text
    assert "hint: allow more RAM" in text
    assert not (project / "build/native64/digits/make.log").exists()
