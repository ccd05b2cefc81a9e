"""What a model file is: its content says so, not its name."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from msfcnn.errors import ModelError, Problem

TFLITE_MAGIC = b"TFL3"  # at byte 4
TFLITE_SUFFIX = ".tflite"
_ZIP = b"PK\x03\x04"
_HEAD = 512  # bytes in which a web page tells that it is one

_KERAS = (
    "is a Keras file",
    "convert it: open('net.tflite', 'wb').write(tf.lite.TFLiteConverter.from_keras_model("
    "tf.keras.models.load_model(FILE)).convert())",
)
_TORCH = ("is a PyTorch file", "export it: torch.onnx.export(model, (example,), 'net.onnx')")
_WEIGHTS = (
    "holds weights only, no network",
    "load them into the model, and export that: torch.onnx.export(model, (example,), 'net.onnx')",
)
_TENSORFLOW = (
    "is a TensorFlow graph",
    "convert its directory: tf.lite.TFLiteConverter.from_saved_model(DIR).convert(), or "
    "python -m tf2onnx.convert --saved-model DIR --output net.onnx",
)
_ARCHIVE = ("is a compressed archive", "unpack it, and give the .onnx or .tflite file in it")
_ARRAYS = ("holds arrays, no network", "give the .onnx or .tflite file of the network")
_PICKLE = (
    "is a Python pickle",
    "load it with the library that wrote it, and export the model to ONNX",
)

# the beginnings of files that are often taken for models
_BEGINNINGS: Mapping[bytes, tuple[str, str]] = {
    b"\x89HDF": _KERAS,
    b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19": _TORCH,  # torch.save before PyTorch 1.6
    **{bytes((0x80, version)): _PICKLE for version in range(2, 6)},
    b"\x1f\x8b": _ARCHIVE,
    b"\x93NUMPY": _ARRAYS,
    b"version https://git-lfs": (
        "is a pointer of Git LFS, not the file itself",
        "fetch the file with `git lfs pull`",
    ),
}
# at byte 4, as TFLite's
_IDENTIFIERS: Mapping[bytes, tuple[str, str]] = {
    b"ORTM": (
        "is in onnxruntime's own format (.ort)",
        "give the .onnx file that it was made from",
    ),
}
# what a name says of a file that cannot be read as anything else
_SUFFIXES: Mapping[str, tuple[str, str]] = {
    ".pb": _TENSORFLOW,
    ".pt": _TORCH,
    ".pth": _TORCH,
    ".safetensors": _WEIGHTS,
    ".weights": ("is a Darknet file", "convert it to ONNX with a converter for Darknet"),
    **{
        suffix: (f"is a {name} file", "export the model to ONNX with the tool it was trained with")
        for suffix, name in (
            *((".caffemodel", "Caffe"), (".prototxt", "Caffe"), (".mlmodel", "Core ML")),
            *((".pdmodel", "PaddlePaddle"), (".pdiparams", "PaddlePaddle"), (".param", "ncnn")),
            *((".xml", "OpenVINO"), (".engine", "TensorRT"), (".mnn", "MNN"), (".rknn", "RKNN")),
            *((".kmodel", "nncase"), (".espdl", "ESP-DL"), (".json", "JSON")),
        )
    },
}


def is_tflite(data: bytes, path: Path) -> bool:
    """Whether a file is TFLite, or claims to be.

    One that only has the name is read as TFLite, too, so that the error speaks of that format.
    """
    return data[4:8] == TFLITE_MAGIC or path.suffix == TFLITE_SUFFIX


def check_known(data: bytes, path: Path) -> None:
    """Raises ModelError for files of other tools and other contents, with what to do about them."""
    found = _known(data, path)
    if found is not None:
        raise ModelError(Problem(str(path), *found))


def not_onnx(where: str, path: Path, wanted: str = "an") -> Problem:
    """What is wrong with a file that is neither known nor ONNX; its name may tell what it is.

    wanted: the article, or the kind of file, in front of ".onnx or .tflite file".
    """
    if path.suffix.lower() in _SUFFIXES:
        return Problem(where, *_SUFFIXES[path.suffix.lower()])
    hint = f"give {wanted} .onnx or .tflite file; if it is one it is damaged: export it again"
    return Problem(where, "is not a complete ONNX file", hint)


def _known(data: bytes, path: Path) -> tuple[str, str] | None:
    """What a file is and what to do about it; None for ONNX, TFLite and the unknown."""
    identifier = data[4:8]
    if identifier in _IDENTIFIERS:
        return _IDENTIFIERS[identifier]
    if identifier[:3] == TFLITE_MAGIC[:3] and identifier != TFLITE_MAGIC:
        what = f"has version {identifier[3:].decode('latin1')} of TFLite's format; msfcnn reads 3"
        return what, "convert it again with a current TensorFlow or LiteRT"
    if data.startswith(_ZIP):
        return _in_archive(data, path)
    if data[:_HEAD].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "is a web page, not a model", "download the file itself (on GitHub: Raw)"
    return next((told for begin, told in _BEGINNINGS.items() if data.startswith(begin)), None)


def _in_archive(data: bytes, path: Path) -> tuple[str, str]:
    """What a zip archive is: PyTorch, Keras and NumPy write such files; its members tell."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        names = []
    if any(name.endswith("/data.pkl") for name in names) or path.suffix in (".pt", ".pth", ".pt2"):
        return _TORCH
    if "model.weights.h5" in names or path.suffix == ".keras":
        return _KERAS
    return _ARRAYS if names and all(name.endswith(".npy") for name in names) else _ARCHIVE
