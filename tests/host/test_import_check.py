"""A directory of models through import: each gets a verdict, none ends the row."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from float_models import float_model, node, normal
from onnx import helper

import msfcnn
from msfcnn.cli import main
from msfcnn.quantizer import quantize


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """One that runs, a float one, a recurrent one, one with an operator nobody has, no model."""
    folder = tmp_path / "models"
    (folder / "deeper").mkdir(parents=True)
    plain = float_model([node("Conv", "x w", "y")], [1, 3, 8, 8], {"w": normal(4, 3, 3, 3)})
    onnx.save(plain, folder / "float.onnx")
    images = normal(4, 3, 8, 8)
    quantized = quantize(folder / "float.onnx", images).model
    (folder / "deeper" / "int8.onnx").write_bytes(quantized.SerializeToString())
    cell = helper.make_node("LSTM", ["x", "w", "r"], ["y"], "cell", hidden_size=2)
    constants = {"w": normal(1, 8, 4), "r": normal(1, 8, 2)}
    onnx.save(float_model([cell], [1, 1, 4], constants), folder / "lstm.onnx")
    nodes = [node("Conv", "x w", "c"), node("Asinh", "c", "a"), node("Conv", "a v", "y")]
    constants = {"w": normal(4, 3, 3, 3), "v": normal(2, 4, 1, 1)}
    onnx.save(float_model(nodes, [1, 3, 8, 8], constants), folder / "asinh.onnx")
    (folder / "photo.onnx").write_bytes(b"\xff\xd8 a photo")
    return folder


def test_each_model_has_a_verdict(models: Path) -> None:
    found = {Path(v.file).name: v for v in msfcnn.import_check([models], quantize=True, plan=True)}
    assert {name: v.verdict for name, v in found.items()} == {
        "float.onnx": "runs",
        "int8.onnx": "runs",
        "lstm.onnx": "refused",
        "asinh.onnx": "refused",
        "photo.onnx": "refused",
    }
    assert [p.kind for p in found["asinh.onnx"].problems] == ["Asinh"]
    assert found["lstm.onnx"].problems[0].hint
    assert (found["float.onnx"].form, found["int8.onnx"].form) == ("float", "int8")
    assert found["float.onnx"].peak_ram == found["int8.onnx"].peak_ram
    assert found["float.onnx"].error is not None
    assert 0 < found["float.onnx"].error < 0.1


def test_float_models_are_refused_unless_they_may_be_quantized(models: Path) -> None:
    (verdict,) = msfcnn.import_check([models / "float.onnx"])
    assert (verdict.form, verdict.verdict) == ("float", "refused")
    assert "msfcnn quantize" in verdict.problems[0].hint


def test_verifying_runs_the_code(models: Path) -> None:
    (verdict,) = msfcnn.import_check([models / "float.onnx"], quantize=True, verify=True)
    assert verdict.agrees is True


def test_what_nobody_foresaw_does_not_end_the_row(
    models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(path: Path) -> object:
        raise ZeroDivisionError(path.name)

    monkeypatch.setattr("msfcnn.frontend.load_model", broken)
    assert main(["import-check", str(models), "--json"]) == 70
    told = json.loads(capsys.readouterr().out)
    assert told["counts"]["DEFECT"] == 5
    assert "ZeroDivisionError" in told["models"][0]["problems"][0]["what"]


def test_a_model_that_takes_too_long_is_given_up(
    models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def slow(path: Path) -> object:
        try:
            time.sleep(60)
        except Exception as error:  # as code on the way may
            raise AssertionError from error
        raise AssertionError

    monkeypatch.setattr("msfcnn.frontend.load_model", slow)
    (verdict,) = msfcnn.import_check([models / "deeper"], timeout=0.05)
    assert (verdict.verdict, verdict.problems[0].what) == ("refused", "took longer than 0.05 s")
    assert 0.05 <= verdict.seconds < 30
    assert main(["import-check", str(models / "deeper"), "--timeout", "0.05"]) == 1
    assert main(["import-check", str(models), "--timeout", "soon"]) == 2
    assert "no number of seconds" in capsys.readouterr().err


def test_each_model_is_told_of_when_it_is_done(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import-check", str(models), "--json"]) == 1
    shown = capsys.readouterr()
    lines = shown.err.splitlines()
    verdicts = [model["verdict"] for model in json.loads(shown.out)["models"]]
    assert [line.split()[0] for line in lines] == [f"[{i}/5]" for i in range(1, 6)]
    assert [line.split()[3] for line in lines] == verdicts


def test_exit_codes_and_table(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import-check", str(models / "deeper")]) == 0
    assert main(["import-check", str(models), "--quantize"]) == 1
    shown = capsys.readouterr().out
    assert "n_a (Asinh): this operator is not supported" in shown
    (models / "none").mkdir()
    assert main(["import-check", str(models / "none")]) == 2
    assert main(["import-check", str(models / "nowhere")]) == 2


def test_int8_that_is_far_from_float_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The small difference of two large values: int8 has no bits for it."""
    nodes = [
        node("Conv", "x w", "c"),
        node("Mul", "c large", "a"),
        node("Sigmoid", "c", "s"),
        node("Add", "a s", "b"),
        node("Sub", "b a", "y"),
    ]
    constants = {"w": normal(4, 3, 3, 3), "large": np.array(1000, np.float32)}
    onnx.save(float_model(nodes, [1, 3, 8, 8], constants), tmp_path / "far.onnx")
    assert main(["import-check", str(tmp_path), "--quantize", "--json"]) == 0
    shown = capsys.readouterr()
    told = json.loads(shown.out)
    assert told["counts"] == {"runs": 1, "inaccurate": 1}
    assert told["models"][0]["inaccurate"]
    assert "inaccurate" in shown.err
    assert main(["import-check", str(tmp_path), "--quantize"]) == 0
    shown = capsys.readouterr()
    assert "n_y is" in shown.out
    assert "more than 25% from float" in shown.out


def test_open_sizes_are_tried_at_a_usual_one(tmp_path: Path) -> None:
    nodes = [node("Conv", "x w", "c"), node("GlobalAveragePool", "c", "y")]
    model = float_model(nodes, ["n", 3, "h", "w_"], {"w": normal(4, 3, 3, 3)})
    onnx.save(model, tmp_path / "open.onnx")
    (verdict,) = msfcnn.import_check([tmp_path / "open.onnx"], quantize=True)
    assert verdict.verdict == "runs"
    assert np.isfinite(verdict.error or np.nan)
