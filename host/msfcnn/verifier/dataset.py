"""The generated C code on a data set, beside onnxruntime and the float network it came from.

Accuracy is what users care about; agreement and error say how much of its loss is quantization
(onnxruntime against float) and how much, normally nothing, is ours (C against onnxruntime).
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfcnn.dataset import (
    Loaded,
    load_samples,
    preprocessing_file,
    read_preprocessing,
    strange_labels,
)
from msfcnn.emit import c_name
from msfcnn.errors import ModelError, Problem, UsageError
from msfcnn.frontend import load_model, load_proto
from msfcnn.ir import Model, Port, Tensor
from msfcnn.options import Options
from msfcnn.pipeline import generate
from msfcnn.quantizer import Tick, is_scores, quiet
from msfcnn.report import Answers, DatasetReport
from msfcnn.verifier.execute import execute_c
from msfcnn.verifier.float_network import FloatNetwork
from msfcnn.verifier.layer_errors import layer_errors
from msfcnn.verifier.oracle import Oracle

FLAGS = ("-O2",)  # the sanitizers are for `verify`: a data set has many images
MOST_CLASSES = 1000  # a confusion matrix of more tells nobody anything

Outputs = list[NDArray[np.float64]]


def evaluate(
    path: Path,
    dataset: Path,
    options: Options,
    float_model: Path | None = None,
    preprocessing: Mapping[str, Any] | None = None,
    tick: Tick = quiet,
) -> DatasetReport:
    """Runs a model in every way on every image of a directory, an .npz or an .npy file.

    preprocessing: overrides fields of NAME.preprocess.yaml beside the model. Raises UsageError,
    ModelError, InfeasibleError, BoardError (no compiler) or MismatchError (C code that fails).
    """
    model = load_model(path)
    shapes = {port.name: port.onnx_shape for port in _in_file_order(path, model)}
    loaded = load_samples(dataset, shapes, _given(path, model, preprocessing))
    scores = [max(p.onnx_shape) for p in model.outputs if is_scores(p.onnx_shape)]
    if wrong := strange_labels(loaded.labels, scores):
        hint = "number the classes in the order of the scores, beginning with 0"
        raise UsageError(Problem(str(dataset), wrong, hint))
    images = _stored(model, loaded.inputs or {model.input.name: loaded.images})
    generated = generate(model, c_name(path.stem), options, "msfcnn verify")
    with tempfile.TemporaryDirectory(prefix="msfcnn-") as directory:
        done = execute_c(
            generated, c_name(path.stem), images, Path(directory), FLAGS, keep_stages=False
        )
    views = [port.view(model) for port in model.outputs]
    coded = [
        [view.to_real(values[index]) for view, values in zip(views, done.outputs, strict=True)]
        for index in range(len(images))
    ]
    oracle = Oracle(path, model)
    whole = None if float_model is None else FloatNetwork(float_model, float_model.name)
    real_inputs = loaded.inputs or {model.input.name: loaded.images}
    judged: list[Outputs] = []
    real: list[Outputs] = []
    for index, image in enumerate(images):
        judged.append([v.to_real(o) for v, o in zip(views, oracle.run(image), strict=True)])
        if whole is not None:
            real.append(whole.run({name: v[index] for name, v in real_inputs.items()}))
        tick(index + 1, len(images))
    ways = {"float": real, "onnxruntime": judged, "C": coded}
    report = _report(loaded, {name: runs for name, runs in ways.items() if runs})
    if float_model is None:
        return report
    errors = layer_errors(model, oracle.real_names, float_model, real_inputs, images)
    return dataclasses.replace(report, layers=errors)


def _given(path: Path, model: Model, chosen: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the file beside the model says, then what the user says; the scale is the model's."""
    kept: dict[str, Any] = {}
    file = preprocessing_file(path)
    if file.is_file():
        read = read_preprocessing(file)
        kept = {f.name: getattr(read, f.name) for f in dataclasses.fields(read)}
    quantization = _input(model).quantization
    return {
        **kept,
        **(chosen or {}),
        "scale": quantization.scale,
        "zero_point": quantization.zero_point,
    }


def _input(model: Model) -> Tensor:
    """The image in the shape and order of the file's input."""
    return model.input.view(model)


def _in_file_order(path: Path, model: Model) -> list[Port]:
    """The inputs as the file lists them: the float network takes them in the same order."""
    if not model.beside:
        return [model.input]
    listed = [border.name for border in load_proto(path).graph.input]
    return sorted(model.inputs, key=lambda port: listed.index(port.name))


def _stored(model: Model, inputs: Mapping[str, NDArray[np.float32]]) -> NDArray[np.int8]:
    """Real inputs [n, ...] by name as int8 [n, *sample_shape]."""
    ports = {port.tensor: port for port in model.inputs}
    return model.put_together(
        {t: _stored_input(model, port, inputs[port.name]) for t, port in ports.items()}
    )


def _stored_input(model: Model, port: Port, images: NDArray[np.float32]) -> NDArray[np.int8]:
    """One input quantized, int8 [n, H, W, C]."""
    view = port.view(model)
    if images[0].size != view.size:
        given, wanted = ("x".join(map(str, s)) for s in (images.shape[1:], view.onnx_shape[1:]))
        what = f"are {given} each, the network wants {wanted}"
        raise ModelError(Problem("data set", what, "transpose or resize them"))
    return np.stack([view.from_onnx(image) for image in port.stored(model, images)])


def _report(loaded: Loaded, ways: Mapping[str, list[Outputs]]) -> DatasetReport:
    """Accuracy, agreement and error of each way to compute the outputs."""
    classes = {name: _classes(runs) for name, runs in ways.items()}
    found, labels = classes["C"], loaded.labels
    names, confusion = _confusion(loaded, found)
    return DatasetReport(
        images=len(loaded.images),
        labelled=0 if labels is None else int((labels >= 0).sum()),
        ways=tuple(
            Answers(
                name=name,
                accuracy=_accuracy(classes[name], labels),
                as_c=_agreement(classes[name], found),
                error=_error(runs, ways["C"]),
            )
            for name, runs in ways.items()
        ),
        classes=names,
        confusion=confusion,
        notes=loaded.notes,
    )


def _classes(runs: Sequence[Outputs]) -> NDArray[np.int64] | None:
    """The class of each image by the first output; None if that is no list of scores."""
    first = [run[0] for run in runs]
    if first[0].dtype.kind in "iu" and first[0].size == 1:  # the network says it itself
        return np.array([int(output.ravel()[0]) for output in first], np.int64)
    if not is_scores(first[0].shape):
        return None
    return np.array([int(output.argmax()) for output in first], np.int64)


def _accuracy(found: NDArray[np.int64] | None, labels: NDArray[np.int64] | None) -> float | None:
    """Share of the labelled images whose class is right; None without labels or classes."""
    if found is None or labels is None or not (labels >= 0).any():
        return None
    known = labels >= 0
    return float((found[known] == labels[known]).mean())


def _agreement(found: NDArray[np.int64] | None, other: NDArray[np.int64] | None) -> float | None:
    """Share of all images, labelled or not, that two ways give the same class."""
    return None if found is None or other is None else float((found == other).mean())


def _error(runs: Sequence[Outputs], coded: Sequence[Outputs]) -> float:
    """Root of the squared differences over the squares of what C gives, over all outputs.

    inf where the outputs are not the same ones: the model's end was cut off, say.
    """
    lost = power = 0.0
    for run, other in zip(runs, coded, strict=True):
        if [a.size for a in run] != [b.size for b in other]:
            return float("inf")
        for a, b in zip(run, other, strict=True):
            lost += float(np.square(a.ravel() - b.ravel()).sum())
            power += float(np.square(b).sum())
    return float(np.sqrt(lost / power)) if power else float(lost > 0)


def _confusion(
    loaded: Loaded, found: NDArray[np.int64] | None
) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:
    """Names of the classes, and counts: a row a true class, a column a found one."""
    labels = loaded.labels
    if found is None or labels is None or not (labels >= 0).any():
        return (), ()
    count = int(max(labels.max(), found.max())) + 1
    if count > MOST_CLASSES:
        return (), ()
    matrix = np.zeros((count, count), np.int64)
    known = labels >= 0
    np.add.at(matrix, (labels[known], found[known]), 1)
    given = loaded.preprocessing.labels if loaded.preprocessing else ()
    names = tuple(given[i] if i < len(given) else str(i) for i in range(count))
    return names, tuple(tuple(int(n) for n in row) for row in matrix)
