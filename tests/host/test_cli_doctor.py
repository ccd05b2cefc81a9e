"""doctor, completion and demo: what a newcomer meets first."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from msfcnn.boards import load_boards
from msfcnn.cli import app, main
from msfcnn.firmware import inquiry as health_module
from msfcnn.firmware import riot


@pytest.fixture
def no_riot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RIOTBASE", str(tmp_path))


def lacks(capsys: pytest.CaptureFixture[str], board: str, code: int) -> dict[str, str]:
    """What a board lacks: names with what installs them."""
    assert main(["doctor", "--board", board, "--json"]) == code
    (found,) = json.loads(capsys.readouterr().out)["boards"]
    return {need["name"]: need["install"] for need in found["missing"]}


def test_without_riot_boards_lack_it(no_riot: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert lacks(capsys, "hifive1b", 5) == {"RIOT": riot.GET_RIOT}
    assert lacks(capsys, "host", 0) == {}
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert "MISSING" in text
    assert all(name in text for name in load_boards())


def test_a_missing_compiler_and_emulator_are_said_with_their_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(riot, "riot_base", lambda: tmp_path)
    monkeypatch.setattr(health_module, "_ask", lambda board: ("arm-none-eabi-gcc", "openocd"))
    there = shutil.which
    gone = ("arm-none-eabi-gcc", "qemu-system-arm", "openocd")
    monkeypatch.setattr(shutil, "which", lambda name: None if name in gone else there(name))
    found = lacks(capsys, "qemu-microbit", 5)
    assert set(found) == {"arm-none-eabi-gcc", "qemu-system-arm"}
    assert "apt install gcc-arm-none-eabi" in found["arm-none-eabi-gcc"]
    assert "apt install qemu-system-arm" in found["qemu-system-arm"]
    found = lacks(capsys, "nucleo-f767zi", 5)
    assert set(found) == {"arm-none-eabi-gcc", "openocd"}


def test_an_unknown_board_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--board", "hifive"]) == 5
    assert "there is no board 'hifive'" in capsys.readouterr().err


def test_bash_completes_commands_and_options(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["completion", "bash"]) == 0
    script = tmp_path / "msfcnn.bash"
    script.write_text(capsys.readouterr().out)
    for typed, expected in (
        ("msfcnn ", {verb.NAME for verb in app.VERBS} | {"completion"}),
        ("msfcnn plan --max", {"--max-ram", "--max-macs", "--max-time-factor"}),
        ("msfcnn plan --board hif", {"hifive1b", "hifive1b-real"}),
    ):
        words = typed.split(" ")
        shell = (
            f"source {script}; COMP_WORDS=({' '.join(w or chr(39) * 2 for w in words)}); "
            f"COMP_CWORD={len(words) - 1}; _shtab_msfcnn 2>/dev/null; echo ${{COMPREPLY[@]}}"
        )
        done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True)
        assert expected <= set(done.stdout.split()), done


@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_other_shells(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "msfcnn" in capsys.readouterr().out


@pytest.mark.long
def test_the_demo_without_riot(
    no_riot: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--out", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert "right" in told.out
    assert "left out, RIOT missing" in told.out
    assert "hifive1b" in (tmp_path / "report.html").read_text()
    assert "3. the report" in told.err


@pytest.mark.long
def test_the_demo_with_a_board(tmp_path: Path) -> None:
    if not shutil.which("qemu-system-riscv32"):
        pytest.skip("qemu-system-riscv32 is not installed")
    command = [sys.executable, "-m", "msfcnn", "demo", "--out", str(tmp_path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "equal to the reference" in told["hifive1b"] or "left out" in told["hifive1b"]
