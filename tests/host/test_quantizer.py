"""Float networks become int8 ones that the importer takes and that still work."""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from msfcnn.errors import ModelError, MsfcnnError, UsageError
from msfcnn.frontend.onnx import load_model
from msfcnn.quantizer import load_calibration, quantize
from msfcnn.reference import execute
from msfcnn.verifier.check import accuracy


def float_network(path: Path, height: object = 8) -> Path:
    """Conv, Relu, Conv on [1, 2, 8, 8]."""
    rng = np.random.default_rng(0)
    constants = [
        numpy_helper.from_array(rng.normal(0, 0.3, shape).astype(np.float32), name)
        for name, shape in (("w1", (6, 2, 3, 3)), ("b1", (6,)), ("w2", (3, 6, 1, 1)))
    ]
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], name="first", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"], name="relu"),
        helper.make_node("Conv", ["r1", "w2"], ["y"], name="second"),
    ]
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, height, 8])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, height, 8])
    graph = helper.make_graph(nodes, "float", [image], [result], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


def images() -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(0, 1, (8, 2, 8, 8)).astype(np.float32)


def test_quantized_network_is_close(tmp_path: Path) -> None:
    import onnxruntime

    source = float_network(tmp_path / "float.onnx")
    target = tmp_path / "int8.onnx"
    target.write_bytes(quantize(source, images()).SerializeToString())
    model = load_model(target)
    session = onnxruntime.InferenceSession(str(source), providers=["CPUExecutionProvider"])
    scale = model.tensors[model.input.tensor].quantization
    for image in images():
        expected = session.run(None, {"x": image[None]})[0]
        stored = np.clip(np.rint(image / scale.scale) + scale.zero_point, -128, 127)
        given = model.tensors[model.input.tensor].from_onnx(stored.astype(np.int8))
        view = model.outputs[0].view(model)
        ours = view.to_onnx(execute(model, given[None])[model.outputs[0].tensor][0])
        real = (ours.astype(np.float32) - view.quantization.zero_point) * view.quantization.scale
        assert np.abs(real - expected).max() < 6 * view.quantization.scale


@pytest.mark.long
def test_real_network_keeps_its_accuracy(shared_models: Path, tmp_path: Path) -> None:
    with np.load(shared_models / "digits_cnn.npz") as archive:
        stored = dict(archive)
    real = stored["x_q"].astype(np.float32) * np.float32(0.007843137718737125)
    target = tmp_path / "int8.onnx"
    network = quantize(shared_models / "digits_cnn_fp32.onnx", real[:64])
    target.write_bytes(network.SerializeToString())
    model = load_model(target)
    q = model.tensors[model.input.tensor].quantization
    given = np.clip(np.rint(real / q.scale) + q.zero_point, -128, 127).astype(np.int8)
    view = model.input.view(model)
    scores = execute(model, np.stack([view.from_onnx(x) for x in given]))
    share = accuracy(scores[model.outputs[0].tensor], stored["labels"].astype(np.int64))
    assert share is not None
    assert share >= 0.985


@pytest.mark.parametrize("shape", [(4, 3, 8, 8), (4, 2, 9, 8), (4, 8, 8, 2), (0, 3, 8, 8)])
def test_images_of_another_shape(shape: tuple[int, ...], tmp_path: Path) -> None:
    source = float_network(tmp_path / "float.onnx")
    with pytest.raises(UsageError, match="the network wants 2x8x8"):
        quantize(source, np.zeros(shape, dtype=np.float32))


def test_no_images(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are none"):
        quantize(float_network(tmp_path / "float.onnx"), images()[:0])


def test_float64_images_are_images(tmp_path: Path) -> None:
    source = float_network(tmp_path / "float.onnx")
    wide = quantize(source, images().astype(np.float64))  # type: ignore[arg-type]
    assert wide.SerializeToString() == quantize(source, images()).SerializeToString()


def test_quantized_network_is_not_quantized_again(tmp_path: Path) -> None:
    once = tmp_path / "int8.onnx"
    once.write_bytes(quantize(float_network(tmp_path / "f.onnx"), images()).SerializeToString())
    with pytest.raises(ModelError, match="quantized already"):
        quantize(once, images())


def test_network_with_external_data(tmp_path: Path) -> None:
    model = onnx.load(float_network(tmp_path / "float.onnx"))
    split = tmp_path / "split.onnx"
    onnx.save(model, split, save_as_external_data=True, location="split.bin", size_threshold=0)
    assert quantize(split, images()).graph.node


def test_shape_that_is_an_initializer(tmp_path: Path) -> None:
    """As torch's default exporter writes it, with all weights in a second file."""
    model = onnx.load(float_network(tmp_path / "float.onnx"))
    model.graph.node.append(helper.make_node("Reshape", ["y", "shape"], ["z"]))
    model.graph.initializer.append(numpy_helper.from_array(np.array([1, -1]), "shape"))
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 192]))
    split = tmp_path / "split.onnx"
    onnx.save(model, split, save_as_external_data=True, location="split.bin", size_threshold=0)
    assert quantize(split, images()).graph.node


def test_onnxruntime_is_silent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    level = logging.getLogger().level
    model = onnx.load(float_network(tmp_path / "float.onnx"))
    model.graph.node[0].op_type = "Nonsense"
    onnx.save(model, tmp_path / "float.onnx")
    with pytest.raises(ModelError):
        quantize(tmp_path / "float.onnx", images())
    assert caplog.records == []
    assert "Traceback" not in "".join(capfd.readouterr())
    assert logging.getLogger().level == level
    assert logging.root.manager.disable == logging.NOTSET


def test_open_shape(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not fixed"):
        quantize(float_network(tmp_path / "float.onnx", "height"), images())


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0 a photo", b"\x08\x08garbage"])
def test_not_a_network(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "photo.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError):
        quantize(path, images())


def test_missing_network(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        quantize(tmp_path / "missing.onnx", images())


def test_calibration_files(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=images(), other=np.zeros(3))
    np.savez(tmp_path / "single.npz", anything=images())
    np.save(tmp_path / "plain.npy", images())
    for name in ("x.npz", "single.npz", "plain.npy"):
        np.testing.assert_array_equal(load_calibration(tmp_path / name), images())


def test_unusable_calibration_files(tmp_path: Path) -> None:
    np.savez(tmp_path / "two.npz", a=images(), b=images())
    np.savez(tmp_path / "stored.npz", x=np.zeros((2, 4), dtype=np.int8))
    np.savez(tmp_path / "nan.npz", x=np.full((2, 4), np.nan))
    np.savez(tmp_path / "empty.npz", x=np.zeros((0, 4)))
    np.savez(tmp_path / "huge.npz", x=np.full((2, 4), 1e300))
    (tmp_path / "text.npz").write_text("no archive")
    with zipfile.ZipFile(tmp_path / "zip.npz", "w") as archive:
        archive.writestr("readme.txt", "no array")
    np.savez_compressed(tmp_path / "damaged.npz", x=images())
    content = bytearray((tmp_path / "damaged.npz").read_bytes())
    content[60] ^= 0xFF
    (tmp_path / "damaged.npz").write_bytes(content)
    names = ("two", "stored", "nan", "empty", "huge", "text", "zip", "damaged", "missing")
    for name in names:
        with pytest.raises(MsfcnnError) as caught:
            load_calibration(tmp_path / f"{name}.npz")
        assert caught.value.exit_code == 2
        assert name in caught.value.problems[0].where
