"""How far int8 is from float: per output, and where the largest errors arise.

Both forms run in onnxruntime, image by image. Errors are relative: the root of the sum of squared
differences over that of squared float values: 0 for no difference, 1 if int8 were all zero.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray

from msfcnn.quantizer.placement import Placed
from msfcnn.quantizer.runtime import session
from msfcnn.quantizer.statistics import (
    Images,
    Tick,
    how_many,
    one_by_one,
    quiet,
    watching,
)
from msfcnn.report import Comparison, LayerError, OutputError

WORST = 5  # layers that a comparison names
LAYER_IMAGES = 16  # all values of that many images are compared
Labels = NDArray[np.int64]


def compare(
    model: onnx.ModelProto,
    placed: Placed,
    images: Images,
    labels: Labels | None = None,
    held_out: bool = False,
    tick: Tick = quiet,
) -> Comparison:
    """Runs the float model and its QDQ form on images.

    labels: class of each image, -1 where it is unknown. held_out: whether the images are others
    than those of calibration; only told on. Layers are compared on the first `LAYER_IMAGES`.
    """
    inner = [name for name in placed.real if name in _written(model)]
    real = [placed.real[name] for name in inner]
    outputs = [o.name for o in model.graph.output]
    count = how_many(images)
    whole = session(watching(model, [*outputs, *_new(inner, outputs)]).SerializeToString())
    small = session(watching(placed.model, [*outputs, *_new(real, outputs)]).SerializeToString())
    tallies = [_Tally(name) for name in outputs]
    sums = {name: np.zeros(2) for name in inner}
    for index, feed in enumerate(one_by_one(images)):
        theirs, ours = _run(whole, outputs, feed), _run(small, outputs, feed)
        for tally, a, b in zip(tallies, theirs, ours, strict=True):
            tally.add(a, b)
        if index < LAYER_IMAGES:
            for name, a, b in zip(
                inner, _run(whole, inner, feed), _run(small, real, feed), strict=True
            ):
                sums[name] += (float(np.square(a - b).sum()), float(np.square(a).sum()))
        tick(index + 1, count)
    found = tuple(tally.finished(labels) for tally in tallies)
    return Comparison(count, held_out, found, _worst(model, sums))


def _new(names: list[str], others: list[str]) -> list[str]:
    return [name for name in names if name not in others]


def _written(model: onnx.ModelProto) -> set[str]:
    return {o for node in model.graph.node for o in node.output}


def _run(runner: object, names: list[str], feed: Mapping[str, object]) -> list[NDArray[np.float64]]:
    """Values of these names, as float64 so that sums of squares do not overflow."""
    if not names:
        return []  # onnxruntime takes an empty list for all
    results = runner.run(names, feed)  # type: ignore[attr-defined]
    return [np.asarray(values, np.float64) for values in results]


class _Tally:
    """The errors of one output, image by image: whole outputs of all images fit into no memory.

    Sums over images, not a mean of their errors: an image of small values would count as much.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._cosines: list[float] = []
        self._numbers: list[tuple[float, float]] = []  # of an output of one: it has no direction
        self._lost = self._power = 0.0
        self._classes: list[tuple[int, int]] = []
        self._scores = True

    def add(self, theirs: NDArray[np.float64], ours: NDArray[np.float64]) -> None:
        """Counts one image: cosine, error and, for scores, the two classes."""
        self._scores = self._scores and is_scores(theirs.shape)
        a, b = theirs.ravel(), ours.ravel()
        if a.size != b.size:  # boxes found, say: their number differs
            self._cosines.append(0.0)
            self._lost, self._scores = np.inf, False
            return
        if a.size == 1:
            self._numbers.append((float(a[0]), float(b[0])))
        else:
            self._cosines.append(_cosine(a, b))
        self._lost += float(np.square(a - b).sum())
        self._power += float(np.square(a).sum())
        if a.size:
            self._classes.append((int(a.argmax()), int(b.argmax())))

    def finished(self, labels: Labels | None) -> OutputError:
        """The error over all images; accuracy where there are labels (-1 is an image without
        one).
        """
        known = self._power > 0 and np.isfinite(self._lost)
        error = float(np.sqrt(self._lost / self._power)) if known else float(self._lost)
        agreement = accuracy_float = accuracy_int8 = None
        if self._scores and self._classes:
            first, second = np.array(self._classes).T
            agreement = float((first == second).mean())
            if labels is not None and (labels >= 0).any():
                right = labels >= 0
                accuracy_float = float((first[right] == labels[right]).mean())
                accuracy_int8 = float((second[right] == labels[right]).mean())
        return OutputError(
            name=self._name,
            cosine=min([*self._cosines, *self._cosine_of_numbers()]),
            error=error,
            agreement=agreement,
            accuracy_float=accuracy_float,
            accuracy_int8=accuracy_int8,
        )

    def _cosine_of_numbers(self) -> list[float]:
        """That of all images together."""
        pairs = np.array(self._numbers)
        return [_cosine(pairs[:, 0], pairs[:, 1])] if self._numbers else []


def _cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Of the angle between two vectors; where one is zero 1 if both are, else 0."""
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / norm if norm > 0 else float((a == b).all())


def is_scores(shape: tuple[int, ...]) -> bool:
    """Whether an output of this shape is one list of at least two scores."""
    return len([n for n in shape if n > 1]) == 1


def _worst(
    model: onnx.ModelProto, sums: Mapping[str, NDArray[np.float64]]
) -> tuple[LayerError, ...]:
    """The layers with the largest error, relative to the power of their own float values.

    sums: by value of the float model [squared differences, squared values]. A layer whose values
    are all 0 has no relative error and is left out.
    """
    nodes = {o: node.name for node in model.graph.node for o in node.output}
    errors = [
        LayerError(nodes[name], name, float(np.sqrt(lost / power)))
        for name, (lost, power) in sums.items()
        if power > 0
    ]
    return tuple(sorted(errors, key=lambda e: -e.error)[:WORST])
