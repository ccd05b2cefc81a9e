"""What users get wrong, from end to end: one clear message, the exit code, nothing half written."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx_builder import Net, Scale

from msfcnn.cli import main


def good(shape: tuple[int | str, ...] = (1, 3, 8, 8)) -> Net:
    net = Net(shape)
    x = net.conv(net.input, (4, 3, 3, 3), name="first")
    y = net.conv(x, (4, 4, 3, 3), scale=Scale(1 / 20, 0))
    return net.output(y, shape=(1, 4, 4, 4))


def jpeg(path: Path) -> None:
    path.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 20)


def truncated(path: Path) -> None:
    whole = good().save(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def float_model(path: Path) -> None:
    net = Net((1, 3, 8, 8))
    net.nodes.clear()
    weights = net.const(np.ones((2, 3, 3, 3), np.float32))
    net.output(net.node("Relu", net.node("Conv", "x", weights))).save(path)


def two_unsupported(path: Path) -> None:
    net = Net((1, 3, 8, 8))
    x = net.conv(net.input, (4, 3, 3, 3))
    x = net.qdq(net.node("Tan", x, name="in the middle"), Scale())
    x = net.conv(x, (4, 4, 3, 3))
    net.output(net.node("Cosh", x, name="at the end")).save(path)


def dynamic_height(path: Path) -> None:
    good((1, 3, "height", 8)).save(path)


def external_data(path: Path) -> None:
    options = {"save_as_external_data": True, "location": "weights.bin", "size_threshold": 0}
    onnx.save(good().model(), path, **options)
    (path.parent / "weights.bin").unlink()


# what writes the file, the exit code, and the words that must be in the message
BAD: dict[str, tuple[Callable[[Path], object], int, tuple[str, ...]]] = {
    "missing file": (lambda path: None, 2, ("net.onnx: no such file",)),
    "JPEG": (jpeg, 1, ("net.onnx: is not a complete ONNX file",)),
    "truncated": (truncated, 1, ("net.onnx: is not a complete ONNX file",)),
    "float model": (float_model, 1, ("net.onnx: is a float model", "msfcnn quantize")),
    "two unsupported ops": (
        two_unsupported,
        1,
        ("2 problems in", "in the middle (Tan)", "at the end (Cosh)"),
    ),
    "dynamic height": (dynamic_height, 1, ("height is not fixed", "make_dynamic_shape_fixed")),
    "external data": (external_data, 1, ("external data", "weights.bin", "in one directory")),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_model(
    case: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write, code, words = BAD[case]
    monkeypatch.chdir(tmp_path)
    write(Path("net.onnx"))
    there = sorted(tmp_path.rglob("*"))
    for verb in (["generate", "--name", "net", "--out", "gen"], ["inspect"], ["verify"]):
        assert main([verb[0], "net.onnx", *verb[1:]]) == code
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("error: ")
        assert captured.err.count("error: ") == 1
        assert all(word in captured.err for word in words)
    assert sorted(tmp_path.rglob("*")) == there
    assert main(["inspect", "net.onnx", "--json"]) == code
    assert json.loads(capsys.readouterr().out)["error"]["exit_code"] == code


@pytest.mark.parametrize("out", ["a file", "a file/gen", "/proc/gen"])
def test_an_output_directory_that_cannot_be(
    out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    good().save(Path("net.onnx"))
    Path("a file").touch()
    there = sorted(tmp_path.rglob("*"))
    assert main(["generate", "net.onnx", "--name", "net", "--out", out]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {out}: cannot be written")
    assert "hint: " in error
    assert sorted(tmp_path.rglob("*")) == there


def test_an_output_directory_without_permission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere: run the tests as another user")
    monkeypatch.chdir(tmp_path)
    good().save(Path("net.onnx"))
    Path("gen").mkdir(mode=0o555)
    assert main(["generate", "net.onnx", "--name", "net", "--out", "gen"]) == 2
    assert "permission denied" in capsys.readouterr().err
    assert list(Path("gen").iterdir()) == []


@pytest.mark.parametrize("says", ["", "ready\n", '{"seconds": 1}\n', '{"seconds": []}\n'])
def test_another_program_than_that_of_the_model(
    says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "other"
    program.write_text(f"#!/bin/sh\nprintf '%s' '{says}'\n: > \"$2\"\n")
    program.chmod(0o755)
    model = good().save(tmp_path / "net.onnx")
    assert main(["run", str(model), "--program", str(program)]) == 4
    assert "other: does not answer as a program of this model" in capsys.readouterr().err


def test_a_pipe_instead_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "net.onnx")
    assert main(["inspect", str(tmp_path / "net.onnx")]) == 2
    assert "is not a regular file" in capsys.readouterr().err
