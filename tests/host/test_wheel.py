"""The built wheel, installed where nothing of the checkout is, does what the checkout does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def wheel(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from what git knows: files that lie about must not get in."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    files = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard"], cwd=repo_root)
    for name in files.decode().splitlines():
        if (repo_root / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(repo_root / name, source / name)
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(out), str(source)]
    done = subprocess.run(pip, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(source)
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def msfcnn(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A function: what the installed command prints with --json."""
    place = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", str(place / "venv")], check=True)
    binaries = place / "venv" / "bin"
    pip = [str(binaries / "pip"), "install", "-q", f"{wheel}[riot,verify]"]
    done = subprocess.run(pip, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    kept = ("HOME", "RIOTBASE", "LANG", "TERM")
    env = {name: os.environ[name] for name in kept if name in os.environ}
    env["PATH"] = os.pathsep.join(p for p in os.environ["PATH"].split(":") if ".venv" not in p)

    def run(*words: object) -> Any:
        command = [str(binaries / "msfcnn"), *map(str, words), "--json"]
        found = subprocess.run(command, cwd=place, env=env, capture_output=True, text=True)
        assert found.returncode == 0, found.stdout + found.stderr
        return json.loads(found.stdout)

    return run


@pytest.mark.long
def test_everything_is_in_it(wheel: Path, repo_root: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    data = subprocess.check_output(
        ["git", "ls-files", "apps", "boards.yaml", "riot_pkg"], cwd=repo_root, text=True
    ).splitlines()
    assert {f"msfcnn/data/{name}" for name in data} <= names
    host = subprocess.check_output(["git", "ls-files", "host/msfcnn"], cwd=repo_root, text=True)
    assert {name.removeprefix("host/") for name in host.splitlines()} <= names


@pytest.mark.long
def test_it_plans_verifies_and_lists_boards(msfcnn: Run, tmp_path: Path, repo_root: Path) -> None:
    model = shutil.copy(repo_root / "apps" / "digits" / "digits.onnx", tmp_path)
    assert msfcnn("plan", model)["peak_ram"] == 8232
    assert len(msfcnn("boards")["boards"]) > 10
    checked = msfcnn("verify", model)
    assert checked["agrees"]
    assert checked["arena_untouched"] == 0


@pytest.mark.long
@pytest.mark.parametrize("board", ["host", "native64", "hifive1b"])
def test_it_builds_and_runs(board: str, msfcnn: Run, tmp_path: Path, repo_root: Path) -> None:
    model = shutil.copy(repo_root / "apps" / "digits" / "digits.onnx", tmp_path)
    if board != "host":
        named = os.environ.get("RIOTBASE")
        if not ((Path(named) if named else Path.home() / "RIOT") / "Makefile.include").is_file():
            pytest.skip("RIOT not found at $RIOTBASE or ~/RIOT")
    if board == "hifive1b" and not shutil.which("qemu-system-riscv32"):
        pytest.skip("qemu-system-riscv32 not found: apt install qemu-system-misc")
    built = msfcnn("build", model, "--board", board, "--root", tmp_path / "build")
    assert built["tally"]["arena"] == built["planned"]["peak_ram"]
    (tested,) = msfcnn("test", model, "--board", board, "--root", tmp_path / "build")["boards"]
    assert tested["trial"]["passed"]
    assert tested["tally"] == built["tally"]
