"""Files that are no model of a kind that msfcnn reads are told what they are."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from msfcnn.cli import main


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return buffer.getvalue()


FILES: dict[str, tuple[str, bytes, str, str]] = {  # name, content, what it is, what to do
    "pointer": ("net.onnx", b"version https://git-lfs.github.com/spec/v1\n", "Git LFS", "git lfs"),
    "page": ("net.tflite", b"\n<!DOCTYPE html><html>", "web page", "Raw"),
    "torch archive": ("net.onnx", archive("net/data.pkl"), "PyTorch", "torch.onnx.export"),
    "old torch": ("w.pth", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "PyTorch", "onnx.export"),
    "pickle": ("net.pkl", b"\x80\x04\x95abc", "pickle", "export"),
    "keras": ("net.zip", archive("config.json", "model.weights.h5"), "Keras", "TFLiteConverter"),
    "arrays": ("net.npz", archive("x.npy"), "arrays", ".onnx or .tflite"),
    "archive": ("net.onnx", archive("model.onnx"), "archive", "unpack"),
    "gzip": ("net.onnx", b"\x1f\x8b\x08abc", "archive", "unpack"),
    "ort": ("net.onnx", b"\x20\0\0\0ORTM\0\0", "onnxruntime's own", ".onnx file"),
    "other schema": ("net.tflite", b"\x1c\0\0\0TFL4\0\0", "version 4", "convert it again"),
    "graph": ("saved_model.pb", b"\x08\x01", "TensorFlow", "tf2onnx"),
    "weights": ("net.safetensors", b"\x40\0\0\0\0\0\0\0{}", "weights only", "torch.onnx.export"),
    "caffe": ("net.caffemodel", b"\x0a\x05LeNet", "Caffe", "export the model to ONNX"),
}


@pytest.mark.parametrize("verb", ["inspect", "quantize"])
@pytest.mark.parametrize("case", FILES)
def test_a_file_of_another_kind(
    case: str, verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, content, what, hint = FILES[case]
    file = tmp_path / name
    file.write_bytes(content)
    (tmp_path / "calib.npy").write_bytes(b"")
    more = ["--calib", str(tmp_path / "calib.npy"), "-o", str(tmp_path / "q.onnx")]
    assert main([verb, str(file), *(more if verb == "quantize" else [])]) == 1
    told = capsys.readouterr().err
    assert what in told
    assert hint in told


def test_a_directory_of_tensorflow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01")
    assert main(["inspect", str(tmp_path)]) == 2
    assert "from_saved_model" in capsys.readouterr().err
