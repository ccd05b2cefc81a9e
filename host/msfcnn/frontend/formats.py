"""What a model file is: its content says so, not its name."""

from __future__ import annotations

from pathlib import Path

from msfcnn.errors import ModelError, Problem

TFLITE_MAGIC = b"TFL3"  # at byte 4
TFLITE_SUFFIX = ".tflite"
_HDF5, _ZIP = b"\x89HDF", b"PK\x03\x04"
_KERAS = (
    "is a Keras file",
    "convert it: open('net.tflite', 'wb').write(tf.lite.TFLiteConverter.from_keras_model("
    "tf.keras.models.load_model(FILE)).convert())",
)
_TORCH = ("is a PyTorch file", "export it: torch.onnx.export(model, (example,), 'net.onnx')")


def is_tflite(data: bytes, path: Path) -> bool:
    """Whether a file is TFLite, or claims to be.

    One that only has the name is read as TFLite, too, so that the error speaks of that format.
    """
    return data[4:8] == TFLITE_MAGIC or path.suffix == TFLITE_SUFFIX


def check_known(data: bytes, path: Path) -> None:
    """Raises ModelError for files of Keras and PyTorch, with the command that converts them.

    A zip archive can be either, so for those the suffix has to tell.
    """
    other = None
    if data.startswith(_HDF5) or (data.startswith(_ZIP) and path.suffix == ".keras"):
        other = _KERAS
    elif data.startswith(_ZIP) and path.suffix in (".pt", ".pth", ".pt2"):
        other = _TORCH
    if other:
        raise ModelError(Problem(str(path), *other))
