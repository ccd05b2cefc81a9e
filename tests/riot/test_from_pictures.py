"""From pictures and a float network to firmware that ran: commands of the README."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from riot_build import find_board, missing

from msfcnn.cli import main

ROOT = Path(__file__).resolve().parents[2]
SECTION = "### From pictures to firmware"


def commands() -> list[list[str]]:
    """The indented commands of the section, without `msfcnn`."""
    text = (ROOT / "README.md").read_text().split(SECTION)[1].split("\n##")[0]
    lines = text.replace(" \\\n", " ").splitlines()
    return [re.sub(" +", " ", line).split()[1:] for line in lines if line.startswith("    msfcnn ")]


def pictures(directory: Path) -> None:
    rng = np.random.default_rng(0)
    for name, shade in (("dark", 60), ("light", 190)):
        (directory / name).mkdir(parents=True)
        for index in range(8):
            values = np.clip(rng.normal(shade, 30, (40, 40, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(values).save(directory / name / f"{index}.png")


def test_there_are_five_commands() -> None:
    assert [command[0] for command in commands()] == [
        *("quantize", "report", "build", "verify", "test"),
    ]


@pytest.mark.long
def test_every_command_of_the_first_page(
    riot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = missing(find_board("native64"))
    if why:
        pytest.skip(why)
    monkeypatch.setenv("RIOTBASE", str(riot))
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "tests/networks/small/mobilenet_v1.torchscript.onnx", tmp_path / "net.onnx")
    pictures(tmp_path / "photos")
    for command in commands():
        assert main(command) == 0, " ".join(command)
    assert (tmp_path / "net_int8.preprocess.yaml").is_file()
    page = (tmp_path / "report.html").read_text()
    for board in ("nucleo-f767zi", "hifive1b", "nrf52840dk", "rpi-pico", "esp32-wroom-32"):
        assert f"<h3>{board}</h3>" in page
    assert "Accuracy on every board" in page
