"""`verify` with TFLite's own runtimes as a second judge."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from tflite_cases import CASES, Maker

from msfcnn.cli import main
from msfcnn.frontend import load_model
from msfcnn.ir import Model
from msfcnn.ops import Conv
from msfcnn.reference import execute
from msfcnn.report.verification import TfliteCheck
from msfcnn.verifier import tflite
from msfcnn.verifier.images import load_images, random_images
from msfcnn.verifier.tflite import compare
from msfcnn.verifier.tflite_runtime import FAST

needs_runtime = pytest.mark.skipif(
    find_spec("ai_edge_litert") is None, reason="ai-edge-litert not found: pip install it"
)
JUDGED = (
    *("conv_same", "conv_dilated_relu", "depthwise_multiplier", "dense_on_a_map"),
    *("average_pool_same", "mean", "mean_of_rows", "relu6", "softmax", "add_per_channel"),
    "conv_pool_reshape_dense",
)


def built(name: str, directory: Path) -> Path:
    maker = Maker("int8")
    CASES[name](maker)
    return maker.net.save(directory / f"{name}.tflite")


def compared(path: Path, model: Model) -> TfliteCheck:
    images = random_images(model, 4)
    found = compare(path, model, images, dict(enumerate(execute(model, images))))
    assert found is not None
    return found


@needs_runtime
@pytest.mark.parametrize("name", JUDGED)
def test_every_op_is_within_one_lsb_of_tflite(name: str, tmp_path: Path) -> None:
    path = built(name, tmp_path)
    model = load_model(path)
    found = compared(path, model)
    assert found.runtime, found.reason
    outputs = {op.output for op in model.ops if type(op).__name__ != "Reshape"}
    assert set(found.worst) == outputs
    assert max(found.worst.values()) <= 1


@needs_runtime
def test_where_the_reference_kernel_is_wrong_the_fast_one_judges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sum of int8, which LiteRT's reference kernel does not give."""
    maker = Maker("int8")
    x, axes = maker.input(1, 4, 5, 6), maker.net.ints(1, 2)
    out = maker.out(1, 1, 1, 6, scale=1.0)
    maker.net.op("SUM", [x, axes], out, "ReducerOptions", KeepDims=True)
    path = maker.net.save(tmp_path / "sum.tflite")
    model = load_model(path)
    monkeypatch.setattr(tflite, "installed", lambda: ("LiteRT",))
    assert not compared(path, model).agrees
    monkeypatch.setattr(tflite, "installed", lambda: ("LiteRT", FAST))
    found = compared(path, model)
    assert (found.runtime, found.agrees) == (FAST, True)


@needs_runtime
def test_the_positions_of_a_resize_are_rounded_in_tflite(tmp_path: Path) -> None:
    """By 3, in parts of 1024: what the error of a step amounts to along the map is allowed."""
    maker = Maker("int8")
    x, sizes = maker.input(1, 10, 10, 2), maker.net.ints(30, 30)
    half = {"HalfPixelCenters": True}
    maker.net.op(
        "RESIZE_BILINEAR", [x, sizes], maker.same(1, 30, 30, 2), "ResizeBilinearOptions", **half
    )
    path = maker.net.save(tmp_path / "resize.tflite")
    found = compared(path, load_model(path))
    ((tensor, worst),) = found.worst.items()
    assert found.agrees
    assert 1 < worst <= found.allowed[tensor] <= 6


@needs_runtime
def test_one_table_of_several_operators_is_rounded_as_often(tmp_path: Path) -> None:
    maker = Maker("int8")
    value = maker.input(1, 4, 5, 6)
    for scale in (0.05, 0.045, 0.06):
        value = maker.net.op("LOGISTIC", [value], maker.out(1, 4, 5, 6, scale=1 / 256, zero=-128))
        factor = maker.values(scale=scale)
        value = maker.net.op(
            "MUL", [value, factor], maker.out(1, 4, 5, 6, scale=scale), "MulOptions"
        )
    path = maker.net.save(tmp_path / "chain.tflite")
    found = compared(path, load_model(path))
    assert found.agrees
    assert list(found.allowed.values()) == [6]
    assert (
        compared(built("conv_same", tmp_path), load_model(tmp_path / "conv_same.tflite")).allowed
        == {}
    )


@needs_runtime
def test_a_wrong_op_is_found_and_named(tmp_path: Path) -> None:
    path = built("conv_pool_reshape_dense", tmp_path)
    model = load_model(path)
    wrong = model.ops[0]
    assert isinstance(wrong, Conv)
    ops = (replace(wrong, bias=wrong.bias + 1000), *model.ops[1:])
    found = compared(path, replace(model, ops=ops))
    assert [t for t, lsb in found.worst.items() if lsb > 1] == [wrong.output]


def test_without_a_runtime_it_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tflite, "installed", tuple)
    path = built("conv_same", tmp_path)
    found = compared(path, load_model(path))
    assert (found.runtime, found.worst) == ("", {})
    assert "msfcnn[tflite]" in found.reason


@needs_runtime
def test_a_file_that_no_runtime_takes_is_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = built("conv_same", tmp_path)
    model = load_model(path)
    monkeypatch.setattr(tflite, "_given", lambda model, port, values: np.zeros(3, np.int8))
    found = compared(path, model)
    assert found.runtime == ""
    assert "LiteRT: " in found.reason


def test_onnx_files_are_not_compared(repo_root: Path) -> None:
    path = repo_root / "apps" / "digits" / "digits.onnx"
    assert compare(path, load_model(path), random_images(load_model(path), 1), {}) is None


@pytest.mark.parametrize("verb", ["inspect", "plan", "generate"])
def test_every_command_takes_a_tflite_file(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = built("conv_pool_reshape_dense", tmp_path)
    more = ["--name", "net", "--out", str(tmp_path / "gen")] if verb == "generate" else []
    assert main([verb, str(path), "--json", *more]) == 0
    assert json.loads(capsys.readouterr().out)
    path.write_bytes(path.read_bytes()[:99])
    assert main([verb, str(path), *more]) == 1
    assert "not a complete TFLite file" in capsys.readouterr().err


@needs_runtime
def test_the_command_shows_both_judges(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = built("conv_pool_reshape_dense", tmp_path)
    assert main(["verify", str(path), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["tflite"]["runtime"] in ("tflite-micro", "LiteRT")
    assert all(layer["tflite_lsb"] in (0, 1) for layer in data["layers"])


@pytest.mark.parametrize("name", ["vww_96", "kws_dscnn", "person_detect", "mcunet_vww_5fps"])
def test_published_networks_against_tflite_micro(name: str, shared_models: Path) -> None:
    if find_spec("tflite_micro") is None:
        pytest.skip("tflite-micro not found: pip install 'msfcnn[tflite]'")
    path = shared_models.parent / "tflite" / f"{name}.tflite"
    if not path.is_file():
        pytest.skip(f"{path.name} not found")
    model = load_model(path)
    images, _ = load_images(model, shared_models / f"{name}.npz")
    few = images[:3]
    found = compare(path, model, few, dict(enumerate(execute(model, few))))
    assert found is not None
    assert found.runtime == "tflite-micro", found.reason
    assert max(found.worst.values()) <= 1
    assert len(found.worst) == len([op for op in model.ops if type(op).__name__ != "Reshape"])
    stored = np.load(shared_models / f"{name}.npz")
    ours = execute(model, few)[model.outputs[0].tensor].reshape(len(few), -1)
    lsb = np.abs(ours.astype(int) - stored["y_tflm"][: len(few)]).max()
    assert lsb == found.outputs_lsb


def test_images_may_come_in_either_order(tmp_path: Path) -> None:
    model = load_model(built("conv_same", tmp_path))
    assert model.input.onnx_shape == (1, 9, 7, 3)
    images = random_images(model, 2)
    np.savez(tmp_path / "nhwc.npz", x_q=images)
    np.savez(tmp_path / "nchw.npz", x_q=images.transpose(0, 3, 1, 2))
    for name in ("nhwc", "nchw"):
        assert np.array_equal(load_images(model, tmp_path / f"{name}.npz")[0], images)
