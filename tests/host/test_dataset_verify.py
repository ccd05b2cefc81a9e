"""`verify --dataset`: float, onnxruntime and C code on the same pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from float_models import float_model, node, normal, run
from PIL import Image

import msfcnn
from msfcnn.cli import main
from msfcnn.dataset import load_samples
from msfcnn.verifier.images import load_images


def network(path: Path) -> Path:
    """Two classes: is the picture redder or bluer?"""
    nodes = [
        node("Conv", "x w", "c"),
        node("GlobalAveragePool", "c", "p"),
        node("Flatten", "p", "y"),
    ]
    weights = np.zeros((2, 3, 1, 1), np.float32)
    weights[0, 0] = weights[1, 2] = 1
    onnx.save(float_model(nodes, [1, 3, 8, 8], {"w": weights}), path)
    return path


def pictures(directory: Path) -> Path:
    """Four blue ones, three red ones and a blue one among the red."""
    for index in range(8):
        values = np.random.default_rng(index).integers(0, 100, (8, 8, 3), dtype=np.uint8)
        values[..., 2 if index < 4 or index == 7 else 0] += 120
        folder = directory / ("blue" if index < 4 else "red")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values).save(folder / f"{index}.png")
    return directory


def quantized(tmp_path: Path) -> tuple[Path, Path]:
    source, out = network(tmp_path / "net.onnx"), tmp_path / "int8.onnx"
    folder = pictures(tmp_path / "photos")
    given = {"mean": (0.5,), "std": (0.25,)}
    msfcnn.quantize(source, folder, out, preprocessing=given)
    return source, out


def test_all_ways_and_the_confusion_of_classes(tmp_path: Path) -> None:
    source, out = quantized(tmp_path)
    found = msfcnn.evaluate(out, tmp_path / "photos", float_model=source)
    assert [way.name for way in found.ways] == ["float", "onnxruntime", "C"]
    # class 0 is blue, as the directories sort; the network says 0 for red
    assert found.classes == ("blue", "red")
    assert found.confusion == ((0, 4), (3, 1))
    assert all(way.accuracy == pytest.approx(1 / 8) for way in found.ways)
    assert all(way.as_c == 1 for way in found.ways)
    assert found.ways[2].error == 0
    assert 0 < found.ways[0].error < 0.02


def test_preprocessing_beside_the_model_is_used_and_can_be_overridden(tmp_path: Path) -> None:
    source, out = quantized(tmp_path)
    plain = msfcnn.evaluate(out, tmp_path / "photos", float_model=source)
    wrong = msfcnn.evaluate(
        out, tmp_path / "photos", float_model=source, preprocessing={"color": "bgr"}
    )
    assert wrong.confusion != plain.confusion
    (tmp_path / "int8.preprocess.yaml").unlink()
    other = msfcnn.evaluate(out, tmp_path / "photos")
    assert any("--mean" in note for note in other.notes)


def test_stored_and_real_arrays_are_the_same_images(tmp_path: Path) -> None:
    _, out = quantized(tmp_path)
    model = msfcnn.load_model(out)
    q = model.tensors[model.input.tensor].quantization
    stored = np.random.default_rng(0).integers(-128, 128, (6, 3, 8, 8)).astype(np.int8)
    real = (stored.astype(np.float32) - q.zero_point) * np.float32(q.scale)
    labels = np.array([0, 1, 0, 1, -1, -1])
    np.savez(tmp_path / "stored.npz", x_q=stored, labels=labels)
    np.savez(tmp_path / "real.npz", x=real, y=labels)
    one, other = (msfcnn.evaluate(out, tmp_path / f"{n}.npz") for n in ("stored", "real"))
    assert one == other
    assert (one.images, one.labelled) == (6, 4)


def test_float_network_with_a_class_as_output(tmp_path: Path) -> None:
    source, out = quantized(tmp_path)
    model = onnx.load(source)
    model.graph.node.append(node("ArgMax", "y", "best", axis=1))
    kind = onnx.helper.make_tensor_value_info("best", onnx.TensorProto.INT64, None)
    model.graph.output[0].CopyFrom(kind)
    onnx.save(model, tmp_path / "deciding.onnx")
    found = msfcnn.evaluate(out, tmp_path / "photos", float_model=tmp_path / "deciding.onnx")
    assert found.ways[0].as_c == 1
    assert not np.isfinite(found.ways[0].error)


def test_float_networks_whose_inputs_quantizing_has_changed(tmp_path: Path) -> None:
    """Stored pixels, a batch of two, and an input that nothing reads."""
    source = network(tmp_path / "net.onnx")
    model = onnx.load(source)
    cast = node("Cast", "x", "f", to=onnx.TensorProto.FLOAT)
    model.graph.node[0].input[0] = "f"
    model.graph.node.insert(0, cast)
    border = model.graph.input[0].type.tensor_type
    border.elem_type = onnx.TensorProto.UINT8
    border.shape.dim[0].dim_value = 2
    del model.graph.value_info[:]
    model.graph.output[0].type.tensor_type.ClearField("shape")
    model.graph.input.append(onnx.helper.make_tensor_value_info("mask", 1, [2, 5]))
    onnx.save(model, source)
    out, folder = tmp_path / "int8.onnx", pictures(tmp_path / "photos")
    msfcnn.quantize(source, folder, out, preprocessing={"pixels": 255})
    found = msfcnn.evaluate(out, folder, float_model=source)
    assert [way.name for way in found.ways] == ["float", "onnxruntime", "C"]
    assert all(way.as_c == 1 and way.error < 0.02 for way in found.ways)
    assert found.layers


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = quantized(tmp_path)
    command = ["verify", str(out), "--dataset", str(tmp_path / "photos"), "--float", str(source)]
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "on the data set" in shown
    assert "C code: true class" in shown
    assert main([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["dataset"]["confusion"] == [[0, 4], [3, 1]]
    assert main(["verify", str(out), "--float", str(source)]) == 2
    assert "--dataset" in capsys.readouterr().err


def test_float_network_of_other_inputs_is_refused(tmp_path: Path) -> None:
    _, out = quantized(tmp_path)
    other = float_model([node("Conv", "x w", "y")], [1, 5, 8, 8], {"w": normal(2, 5, 1, 1)})
    onnx.save(other, tmp_path / "other.onnx")
    with pytest.raises(msfcnn.ModelError, match=r"other\.onnx"):
        msfcnn.evaluate(out, tmp_path / "photos", float_model=tmp_path / "other.onnx")


def test_input_scale_of_pictures_is_that_of_pixels(tmp_path: Path) -> None:
    """q = pixel - 128 where the network takes 0 to 1, whatever the pictures show."""
    source, out = network(tmp_path / "net.onnx"), tmp_path / "int8.onnx"
    folder = pictures(tmp_path / "photos")
    found = msfcnn.quantize(source, folder, out)
    assert (found.scale, found.zero_point) == (pytest.approx(1 / 255), -128)
    images = load_samples(folder, (1, 3, 8, 8)).images
    assert run(onnx.load(source), images[:1])


def header_of(out: Path) -> str:
    files = msfcnn.generate(out).files
    return next(text for name, text in files.items() if name.endswith(".h"))


@pytest.mark.parametrize("given", [{}, {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.2, 0.3)}])
def test_header_turns_pixels_into_inputs(
    given: dict[str, tuple[float, ...]], tmp_path: Path
) -> None:
    """The integer formula of the header gives what quantizing the real values gives, +- 1."""
    source, out = network(tmp_path / "net.onnx"), tmp_path / "int8.onnx"
    msfcnn.quantize(source, pictures(tmp_path / "photos"), out, preprocessing=given)
    header = header_of(out)

    def numbers(name: str) -> list[int]:
        line = next(x for x in header.splitlines() if f"{name} " in x)
        return [int(n) for n in line.split("{")[1].split("}")[0].split(",")]

    factors, offsets = numbers("INT8_INPUT_PIXEL_FACTOR"), numbers("INT8_INPUT_PIXEL_OFFSET")
    model = msfcnn.load_model(out)
    q = model.tensors[model.input.tensor].quantization
    pixel = np.arange(256)
    for channel, (factor, offset) in enumerate(zip(factors, offsets, strict=True)):
        mean, std = (given.get(n, (d,) * 3)[channel] for n, d in (("mean", 0.0), ("std", 1.0)))
        exact = np.rint((pixel / 255 - mean) / std / q.scale) + q.zero_point
        ours = (pixel * factor + offset) >> 16
        assert abs(ours - exact).max() <= 1
        assert (ours != exact).mean() < 0.02
    assert '"blue", "red"' in header
    if not given:
        assert (pixel * factors[0] + offsets[0] >> 16).tolist() == list(range(-128, 128))


def test_header_without_preprocessing_says_nothing_of_pixels(tmp_path: Path) -> None:
    _, out = quantized(tmp_path)
    (tmp_path / "int8.preprocess.yaml").unlink()
    assert "PIXEL" not in header_of(out)


def test_damaged_preprocessing_is_named_by_every_verb(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out = quantized(tmp_path)
    (tmp_path / "int8.preprocess.yaml").write_text("size: 3\n")
    assert main(["plan", str(out)]) == 2
    assert "int8.preprocess.yaml" in capsys.readouterr().err


def test_names_of_classes_are_c_strings(tmp_path: Path) -> None:
    _, out = quantized(tmp_path)
    file = tmp_path / "int8.preprocess.yaml"
    file.write_text(file.read_text().replace("[blue, red]", '["a\\"b", "gr\\xFCn??/"]'))
    header = header_of(out)
    assert '"a\\042b", "gr\\303\\274n\\077\\077/"' in header


@pytest.mark.parametrize("key", ["labels", "y"])
def test_images_of_verify_have_labels_by_either_name(key: str, tmp_path: Path) -> None:
    _, out = quantized(tmp_path)
    stored = np.random.default_rng(0).integers(-128, 128, (4, 3, 8, 8)).astype(np.int8)
    np.savez(tmp_path / "images.npz", x_q=stored, **{key: np.array([0, 1, 0, -1])})
    images, labels = load_images(msfcnn.load_model(out), tmp_path / "images.npz")
    assert len(images) == 4
    assert labels is not None
    assert labels.tolist() == [0, 1, 0, -1]
