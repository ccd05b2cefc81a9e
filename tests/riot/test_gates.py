"""A network with squeeze-and-excite on an emulated Cortex-M4, in a quarter of its whole tensors."""

from __future__ import annotations

from pathlib import Path

import pytest
from riot_build import find_board, missing, msfcnn

from msfcnn.frontend import load_model
from network_table import layer_by_layer

BOARD = "qemu-mps2-an386"


@pytest.mark.long
@pytest.mark.parametrize("resolution", [96, 224])
def test_mobilenet_v3_small(
    resolution: int, riot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = missing(find_board(BOARD))
    if why:
        pytest.skip(why)
    monkeypatch.setenv("RIOTBASE", str(riot))
    path = tmp_path / "gates.onnx"
    size = ("--width", "0.5", "--resolution", str(resolution))
    msfcnn("zoo", "mobilenetv3-small", *size, "-o", path)
    quarter = layer_by_layer(load_model(path)) // 4
    words = ("--board", BOARD, "--max-ram", str(quarter), "--root", tmp_path / "build")
    (board,) = msfcnn("test", path, *words)["boards"]
    assert board["planned"]["peak_ram"] <= quarter
    assert board["trial"]["passed"], board["trial"]
