"""`load_model` and `load_proto`: from a path to what is in the file, whatever its format."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import onnx

from msfcnn.dataset import preprocessing_file, read_preprocessing
from msfcnn.frontend.formats import check_known, is_tflite
from msfcnn.frontend.onnx.ending import without_end
from msfcnn.frontend.onnx.importing import import_proto
from msfcnn.frontend.onnx.load import bytes_of, check, is_quantized, parse
from msfcnn.frontend.onnx.outside import fingerprint
from msfcnn.ir import Model

if TYPE_CHECKING:
    from msfcnn.frontend.tflite import Translation


def load_model(path: Path, cut: bool = True) -> Model:
    """Reads an int8 network from an ONNX file (QDQ) or a TFLite file.

    NAME.preprocess.yaml beside it tells how pictures become its input. cut: leave what only the
    application can do at the end (ArgMax) out, with a ModelNote; else it is a problem.

    Raises UsageError if there is no such file, and ModelError with one Problem for everything
    in it that is damaged or not supported.
    """
    data = bytes_of(path)
    check_known(data, path)
    tflite = is_tflite(data, path)
    proto = translate(data, path).proto if tflite else parse(data, path)
    check(proto, path)
    proto = without_end(proto) if cut else proto
    sha256 = hashlib.sha256(data).hexdigest() if tflite else fingerprint(data, path)
    model = import_proto(proto, path, sha256)
    file = preprocessing_file(path)
    if not file.is_file():
        return model
    described = read_preprocessing(file).described
    return replace(model, pixels=described.then(model.input.mean, model.input.std))


def load_proto(path: Path) -> onnx.ModelProto:
    """The ONNX form of a file, float or quantized; an ONNX file is read as it is, unchecked.

    Of a quantized one without what `load_model` cuts off its end.

    Raises ModelError for files of other formats and for TFLite files that cannot be translated,
    and whatever `onnx.load` raises for an ONNX file.
    """
    data = path.read_bytes()
    check_known(data, path)
    proto = translate(data, path).proto if is_tflite(data, path) else onnx.load(path)
    return without_end(proto) if is_quantized(proto) else proto


def translate(data: bytes, path: Path) -> Translation:
    """What a TFLite file says, as ONNX. Raises ModelError if it cannot be said so.

    Returns more than the model: the verifier compares the tensors of the file, too.
    """
    from msfcnn.frontend.tflite import translate as translated  # its schema is slow to import

    return translated(data, path)
