"""How far int8 is from float: per output, and where the largest errors arise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray

from msfcnn.quantizer.placement import Placed
from msfcnn.quantizer.runtime import session
from msfcnn.quantizer.statistics import Tick, quiet, watching
from msfcnn.report.quantization import Comparison, LayerError, OutputError

WORST = 5
LAYER_IMAGES = 16  # all values of that many images are compared
Labels = NDArray[np.int64]


def compare(
    model: onnx.ModelProto,
    placed: Placed,
    images: NDArray[np.float32],
    labels: Labels | None = None,
    held_out: bool = False,
    tick: Tick = quiet,
) -> Comparison:
    """Runs the float model and its QDQ form on images [n, ...].

    labels: class of each image, -1 where it is unknown.
    """
    inner = [name for name in placed.real if name in _written(model)]
    real = [placed.real[name] for name in inner]
    outputs = [o.name for o in model.graph.output]
    border = model.graph.input[0].name
    whole = session(watching(model, [*outputs, *_new(inner, outputs)]).SerializeToString())
    small = session(watching(placed.model, [*outputs, *_new(real, outputs)]).SerializeToString())
    pairs: list[list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = [[] for _ in outputs]
    sums = {name: np.zeros(2) for name in inner}
    for index, image in enumerate(images):
        feed = {border: image[None]}
        theirs, ours = _run(whole, outputs, feed), _run(small, outputs, feed)
        for pair, a, b in zip(pairs, theirs, ours, strict=True):
            pair.append((a, b))
        if index < LAYER_IMAGES:
            for name, a, b in zip(
                inner, _run(whole, inner, feed), _run(small, real, feed), strict=True
            ):
                sums[name] += (float(np.square(a - b).sum()), float(np.square(a).sum()))
        tick(index + 1, len(images))
    found = tuple(
        _output_error(name, pair, labels) for name, pair in zip(outputs, pairs, strict=True)
    )
    return Comparison(len(images), held_out, found, _worst(model, sums))


def _new(names: list[str], others: list[str]) -> list[str]:
    return [name for name in names if name not in others]


def _written(model: onnx.ModelProto) -> set[str]:
    return {o for node in model.graph.node for o in node.output}


def _run(runner: object, names: list[str], feed: Mapping[str, object]) -> list[NDArray[np.float64]]:
    results = runner.run(names, feed)  # type: ignore[attr-defined]
    return [np.asarray(values, np.float64) for values in results]


def _output_error(
    name: str,
    pairs: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
    labels: Labels | None,
) -> OutputError:
    theirs = np.stack([a.ravel() for a, _ in pairs])
    ours = np.stack([b.ravel() for _, b in pairs])
    norms = np.linalg.norm(theirs, axis=1) * np.linalg.norm(ours, axis=1)
    dots = (theirs * ours).sum(axis=1)
    cosines = np.where(norms > 0, dots / np.maximum(norms, 1e-30), (theirs == ours).all(axis=1))
    power = float(np.sqrt(np.square(theirs).mean()))
    error = float(np.sqrt(np.square(theirs - ours).mean()))
    relative = error / power if power else float(error > 0)
    agreement = accuracy_float = accuracy_int8 = None
    if is_scores(pairs[0][0].shape):
        first, second = theirs.argmax(axis=1), ours.argmax(axis=1)
        agreement = float((first == second).mean())
        known = labels >= 0 if labels is not None else np.zeros(0, bool)
        if labels is not None and known.any():
            accuracy_float = float((first[known] == labels[known]).mean())
            accuracy_int8 = float((second[known] == labels[known]).mean())
    return OutputError(
        name=name,
        cosine=float(cosines.min()),
        error=relative,
        agreement=agreement,
        accuracy_float=accuracy_float,
        accuracy_int8=accuracy_int8,
    )


def is_scores(shape: tuple[int, ...]) -> bool:
    """Whether an output of this shape is one list of at least two scores."""
    return len([n for n in shape if n > 1]) == 1


def _worst(
    model: onnx.ModelProto, sums: Mapping[str, NDArray[np.float64]]
) -> tuple[LayerError, ...]:
    nodes = {o: node.name for node in model.graph.node for o in node.output}
    errors = [
        LayerError(nodes[name], name, float(np.sqrt(lost / power)))
        for name, (lost, power) in sums.items()
        if power > 0
    ]
    return tuple(sorted(errors, key=lambda e: -e.error)[:WORST])
