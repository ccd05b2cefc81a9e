"""`msfcnn quantize` on the command line: what it writes, says and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from float_models import float_model, node, normal
from onnx import TensorProto, helper
from PIL import Image

from msfcnn.cli import main
from msfcnn.dataset import read_preprocessing
from msfcnn.frontend.onnx import load_model


def classifier(path: Path, *end: onnx.NodeProto, outputs: tuple[str, ...] = ("g",)) -> Path:
    nodes = [
        node("Conv", "x w", "c", strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Relu", "c", "r"),
        node("GlobalAveragePool", "r", "p"),
        node("Flatten", "p", "f"),
        node("Gemm", "f v", "g"),
        *end,
    ]
    constants = {"w": normal(6, 3, 3, 3), "v": normal(6, 2)}
    onnx.save(float_model(nodes, ["batch", 3, 16, 16], constants, outputs), path)
    return path


def pictures(directory: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (directory / name).mkdir(parents=True)
        for index in range(6):
            values = rng.integers(0, 256, (20, 24, 3), dtype=np.uint8)
            Image.fromarray(values).save(directory / name / f"{index}.png")
    return directory


def test_from_pictures_to_a_model_with_its_preprocessing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = classifier(tmp_path / "net.onnx"), tmp_path / "int8.onnx"
    folder = pictures(tmp_path / "photos")
    options = ["--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225", "--json"]
    assert main(["quantize", str(source), "--calib", str(folder), "-o", str(out), *options]) == 0
    told = json.loads(capsys.readouterr().out)
    model = load_model(out)
    kept = read_preprocessing(tmp_path / "int8.preprocess.yaml")
    quantization = model.tensors[model.input.tensor].quantization
    assert kept.scale == pytest.approx(quantization.scale)
    assert kept.zero_point == quantization.zero_point
    assert (kept.labels, kept.size, kept.std) == (("cat", "dog"), (16, 16), (0.229, 0.224, 0.225))
    assert told["compared"]["images"] == 12
    assert told["compared"]["outputs"][0]["accuracy_float"] is not None
    assert any("batch" in note for note in told["notes"])


def test_end_that_msfcnn_does_not_run_is_cut_off_with_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    end = node("TopK", "g one", "values", axis=1)
    end.output.append("top")
    source = classifier(tmp_path / "net.onnx", end, outputs=("values",))
    model = onnx.load(source)
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([1]), "one"))
    onnx.save(model, source)
    np.savez(tmp_path / "x.npz", x=normal(8, 3, 16, 16))
    out = tmp_path / "int8.onnx"
    command = ["quantize", str(source), "--calib", str(tmp_path / "x.npz"), "-o", str(out)]
    assert main(command) == 0
    assert "cut off the end" in capsys.readouterr().out
    assert [port.name for port in load_model(out).outputs] == ["g"]
    assert main([*command, "--keep-end"]) == 0
    assert "msfcnn does not run this model" in capsys.readouterr().out


def test_many_nodes_of_one_kind_are_one_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nodes = [node("Conv", "x w", "c0")]
    nodes += [node("Asinh", f"c{i}", f"c{i + 1}") for i in range(5)]
    nodes.append(node("Conv", "c5 v", "y"))
    constants = {"w": normal(4, 3, 3, 3), "v": normal(2, 4, 1, 1)}
    onnx.save(float_model(nodes, [1, 3, 8, 8], constants), tmp_path / "net.onnx")
    np.savez(tmp_path / "x.npz", x=normal(8, 3, 8, 8))
    paths = [str(tmp_path / n) for n in ("net.onnx", "x.npz", "int8.onnx")]
    assert main(["quantize", paths[0], "--calib", paths[1], "-o", paths[2]]) == 0
    shown = capsys.readouterr().out
    assert "n_c1 and 4 more (Asinh)" in shown
    assert shown.count("Asinh") == 1


def test_refused_model_leaves_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recurrent = helper.make_node("GRU", ["x", "w", "r"], ["y"], "cell", hidden_size=2)
    constants = {"w": normal(1, 6, 4), "r": normal(1, 6, 2)}
    onnx.save(float_model([recurrent], [1, 1, 4], constants), tmp_path / "net.onnx")
    np.savez(tmp_path / "x.npz", x=normal(8, 1, 4))
    paths = [str(tmp_path / n) for n in ("net.onnx", "x.npz", "int8.onnx")]
    assert main(["quantize", paths[0], "--calib", paths[1], "-o", paths[2]]) == 1
    shown = capsys.readouterr().err
    assert "cell (GRU)" in shown
    assert "hint" in shown
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.onnx", "x.npz"]


@pytest.mark.parametrize(
    "options",
    [
        ["--mean", "a"],
        ["--std", ""],
        ["--size", "12x"],
        ["--dim", "batch"],
        ["--dim", "batch=none"],
        ["--method", "magic"],
        ["--calib", "nowhere"],
        ["--dataset", "nowhere"],
    ],
)
def test_wrong_options(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = classifier(tmp_path / "net.onnx")
    np.savez(tmp_path / "x.npz", x=normal(8, 3, 16, 16))
    command = ["quantize", str(source), "--calib", str(tmp_path / "x.npz"), "-o", "out.onnx"]
    assert main([*command, *options]) == 2
    assert "error" in capsys.readouterr().err


def test_size_where_the_network_leaves_it_open(tmp_path: Path) -> None:
    model = float_model(
        [node("Conv", "x w", "c"), node("GlobalAveragePool", "c", "y")],
        ["n", 3, "height", "width"],
        {"w": normal(4, 3, 3, 3)},
        dtype=TensorProto.FLOAT,
    )
    onnx.save(model, tmp_path / "net.onnx")
    folder, out = pictures(tmp_path / "photos"), tmp_path / "int8.onnx"
    command = ["quantize", str(tmp_path / "net.onnx"), "--calib", str(folder), "-o", str(out)]
    assert main(command) == 2
    assert main([*command, "--size", "12x10"]) == 0
    assert load_model(out).tensors[0].shape == (12, 10, 3)


def test_the_float_file_is_not_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = classifier(tmp_path / "net.onnx")
    before = source.read_bytes()
    folder = pictures(tmp_path / "photos")
    other = tmp_path / "photos" / ".." / "net.onnx"
    assert main(["quantize", str(source), "--calib", str(folder), "-o", str(other)]) == 2
    assert "is the file that is read" in capsys.readouterr().err
    assert source.read_bytes() == before


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("height=8", "no input has it"),
        ("7=8", "no input has it"),
        ("2=8", "is fixed to 16, not 8"),
        ("batch=1", ""),
        ("2=16", ""),
    ],
)
def test_sizes_of_dimensions_that_are_not_open(
    given: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = classifier(tmp_path / "net.onnx")
    folder, out = pictures(tmp_path / "photos"), tmp_path / "q.onnx"
    options = ["--calib", str(folder), "-o", str(out), "--dim", given]
    assert main(["quantize", str(source), *options]) == (2 if told else 0)
    shown = capsys.readouterr().err
    assert told in shown
    assert not told or "open are batch" in shown


def test_classes_that_the_network_does_not_have(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = classifier(tmp_path / "net.onnx"), tmp_path / "q.onnx"
    calibration, other = tmp_path / "good.npz", tmp_path / "bad.npz"
    np.savez(calibration, x=normal(4, 3, 16, 16), labels=np.array([0, 1, 0, -1]))
    np.savez(other, x=normal(4, 3, 16, 16), labels=np.array([1, 2, 2, 1]))
    command = ["quantize", str(source), "-o", str(out)]
    assert main([*command, "--calib", str(calibration), "--dataset", str(other)]) == 2
    assert "classes up to 2, the network has 2 scores" in capsys.readouterr().err
    assert main([*command, "--calib", str(other), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert any("no accuracy is told" in note for note in told["notes"])
    assert told["compared"]["outputs"][0]["accuracy_float"] is None
    assert main(["verify", str(out), "--dataset", str(other)]) == 2
    np.savez(other, x=normal(4, 3, 16, 16), labels=np.array([1, 0, -2, 1]))
    assert main([*command, "--calib", str(other)]) == 2
    assert "the class -2" in capsys.readouterr().err
