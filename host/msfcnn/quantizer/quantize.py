"""`quantize`: the whole way from a float ONNX file to an int8 QDQ model that was tried out.

Each candidate (a method, biases corrected or not) is a whole QDQ model that is compared with the
float one; statistics are measured once for all of them. Nothing is returned that onnxruntime has
not run. `file.quantize_file` is the caller for files, `api` the one for Python.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from msfcnn.dataset import strange_labels
from msfcnn.errors import ModelError, MsfcnnError, Problem, UsageError
from msfcnn.quantizer.comparison import Labels, compare, is_scores
from msfcnn.quantizer.faithful import check_unchanged
from msfcnn.quantizer.graph import EditedGraph
from msfcnn.quantizer.methods import METHODS
from msfcnn.quantizer.normalizations import name_normalizations
from msfcnn.quantizer.placement import Placed, place
from msfcnn.quantizer.prepare import prepare
from msfcnn.quantizer.ranges import Ranges, choose_ranges
from msfcnn.quantizer.runtime import reason_of, session
from msfcnn.quantizer.shapes import shapes_of
from msfcnn.quantizer.statistics import Images, Statistics, Tick, how_many, measure, quiet
from msfcnn.quantizer.tail import cut_tail
from msfcnn.report import Comparison

BEST = "best"
COMPARED = 64  # images that the comparison takes at most, unless a data set is given
HELD_OUT = 5  # `best` keeps every fifth image for judging
MOST_CUTS = 8  # times that the end is cut; each may uncover what the importer refuses before it

Watch = Callable[[str], Tick]


@dataclass(frozen=True, eq=False)
class Samples:
    """Images [n, ...] as the float network takes them, and their classes (-1: unknown) if known.

    images: of a network with several inputs by their names.
    reach:  the lowest and highest value that an image can have at all, where that is known.
    """

    images: NDArray[np.float32] | Images
    labels: Labels | None = None
    reach: tuple[float, float] | None = None

    @property
    def shapes(self) -> dict[str, tuple[int, ...]] | tuple[int, ...]:
        """Shape of one image."""
        if isinstance(self.images, np.ndarray):
            return self.images.shape[1:]
        return {name: values.shape[1:] for name, values in self.images.items()}


@dataclass(frozen=True, eq=False)
class _Fitted:
    """Samples in the shapes of the network's inputs."""

    images: Images
    labels: Labels | None
    reach: tuple[float, float] | None

    @property
    def count(self) -> int:
        """How many there are."""
        return how_many(self.images)

    def some(self, chosen: slice | NDArray[np.bool_]) -> _Fitted:
        """A part of them."""
        labels = None if self.labels is None else self.labels[chosen]
        images = {name: values[chosen] for name, values in self.images.items()}
        return _Fitted(images, labels, self.reach)


@dataclass(frozen=True, eq=False)
class QuantizeOptions:
    """method: of METHODS, or `best`, which tries them all on images it does not calibrate with.

    correct_biases: make up in the biases for what rounding weights shifts; None: where `best` finds
    it helps, otherwise not. sizes: of open dimensions, by name or axis. cut: whether operators at
    the end that msfcnn lacks may be cut off.
    """

    method: str = "minmax"
    correct_biases: bool | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    cut: bool = True


@dataclass(frozen=True, eq=False)
class Quantized:
    """An int8 QDQ model that onnxruntime has run.

    notes:      what was changed on the way, one sentence each.
    degenerate: values that the images do not exercise, with what was done about it.
    unsupported: what msfcnn does not run in it; empty if load_model takes it.
    scale, zero_point: of the int8 input: q = round(value / scale) + zero_point.
    """

    model: onnx.ModelProto
    method: str
    corrected: bool
    notes: tuple[str, ...]
    degenerate: Mapping[str, str]
    unsupported: tuple[Problem, ...]
    comparison: Comparison
    scale: float
    zero_point: int


def quantize(
    path: Path,
    calibration: Samples | NDArray[np.float32] | Images,
    options: QuantizeOptions | None = None,
    dataset: Samples | None = None,
    watch: Watch = lambda _: quiet,
) -> Quantized:
    """The int8 QDQ form of a float network: weights per channel, activations per tensor.

    calibration: images in the shape of the network's input, with or without its batch of 1; by
    name if there are several inputs.
    dataset: other images to compare int8 and float on. watch: gives a progress callback for a part
    of the work. Raises ModelError if the network cannot be read or quantized, UsageError if the
    images do not fit or onnxruntime is not installed.
    """
    options = options or QuantizeOptions()
    samples = calibration if isinstance(calibration, Samples) else Samples(calibration)
    if options.method != BEST and options.method not in METHODS:
        hint = f"use one of {', '.join((*METHODS, BEST))}"
        raise UsageError(Problem(options.method, "is no calibration method", hint))
    with tempfile.TemporaryDirectory(prefix="msfcnn-") as scratch:
        directory = Path(scratch)
        prepared = prepare(path, directory, options.sizes, samples.shapes)
        shapes = _input_shapes(prepared.model)
        fitted = _fitting(samples, shapes, "calibration images")
        check_unchanged(path, prepared.model, {n: v[:1] for n, v in fitted.images.items()})
        return _Work(
            model=prepared.model,
            samples=fitted,
            dataset=None if dataset is None else _fitting(dataset, shapes, "data set"),
            options=options,
            watch=watch,
            directory=directory,
        ).done(prepared.notes)


@dataclass(frozen=True, eq=False)
class _Work:
    """Everything that stays the same while ranges and outputs are chosen.

    model: prepared. directory: for scratch files, which are gone when `quantize` returns.
    """

    model: onnx.ModelProto
    samples: _Fitted
    dataset: _Fitted | None
    options: QuantizeOptions
    watch: Watch
    directory: Path

    def done(self, notes: Sequence[str]) -> Quantized:
        """Measures ranges, tries the candidates and keeps the one with the least error on the
        images that are held out.
        """
        ranged, judged, held_out = self._split()
        try:
            statistics = measure(self.model, ranged.images, self.watch("measuring ranges"))
        except Exception as error:  # onnxruntime's exceptions have no common base of their own
            what = f"onnxruntime cannot run it: {reason_of(error)}"
            raise ModelError(Problem("float model", what, "check it with one image")) from error
        _refuse_infinite(self.model, statistics)
        model, cuts, unsupported = self._cut(statistics)
        judged, strange = self._labelled(judged, _scores(model))
        candidates = self._candidates()
        found: list[tuple[float, str, bool, Placed, Ranges, Comparison]] = []
        for method, corrected in candidates:
            placed, ranges = _placed(model, statistics, method, corrected, self.samples.reach)
            text = f"comparing {method}" + (", biases corrected" if corrected else "")
            result = compare(
                model, placed, judged.images, judged.labels, held_out, self.watch(text)
            )
            found.append((result.error, method, corrected, placed, ranges, result))
        _, method, corrected, placed, ranges, comparison = min(found, key=lambda f: f[0])
        if len(found) > 1 and self.dataset is not None:
            data = self.dataset
            comparison = compare(
                model, placed, data.images, data.labels, True, self.watch("comparing")
            )
        _check(placed.model, self.directory)
        scale, zero_point = ranges.of[model.graph.input[0].name].parameters()
        return Quantized(
            model=placed.model,
            method=method,
            corrected=corrected,
            notes=(*strange, *notes, *cuts),
            degenerate=ranges.degenerate,
            unsupported=unsupported,
            comparison=comparison,
            scale=float(scale),
            zero_point=zero_point,
        )

    def _split(self) -> tuple[_Fitted, _Fitted, bool]:
        """Images to measure ranges with, images to judge by, and whether they are others.

        Methods are compared on images that none of them has seen, or minmax, which clips nothing
        that it knows, would win too often. Fewer than ten images serve for both.
        """
        count = self.samples.count
        if self.options.method == BEST and count >= 2 * HELD_OUT:
            kept = np.arange(count) % HELD_OUT == HELD_OUT - 1
            return self.samples.some(~kept), self.samples.some(kept).some(slice(COMPARED)), True
        if self.options.method != BEST and self.dataset is not None:
            return self.samples, self.dataset, True
        return self.samples, self.samples.some(_spread(count)), False

    def _labelled(self, judged: _Fitted, scores: Sequence[int]) -> tuple[_Fitted, tuple[str, ...]]:
        """The images to judge by, without classes that cannot be the network's, and a note of it.

        Calibration pictures may lie in subdirectories for other reasons. Raises UsageError for the
        classes of a data set.
        """
        wrong = strange_labels(judged.labels, scores)
        if wrong and self.dataset is not None:
            hint = "number the classes in the order of the scores, beginning with 0"
            raise UsageError(Problem("data set", wrong, hint))
        if not wrong:
            return judged, ()
        return replace(judged, labels=None), (f"calibration {wrong}: no accuracy is told",)

    def _candidates(self) -> list[tuple[str, bool]]:
        """(method, biases corrected) of each attempt: one, or all for `best`."""
        chosen = self.options.correct_biases
        if self.options.method != BEST:
            return [(self.options.method, bool(chosen))]
        corrections = (False, True) if chosen is None else (chosen,)
        return [(method, corrected) for method in METHODS for corrected in corrections]

    def _cut(
        self, statistics: Mapping[str, Statistics]
    ) -> tuple[onnx.ModelProto, list[str], tuple[Problem, ...]]:
        """The model whose end msfcnn can run; what was cut, and what it cannot run all the same."""
        model = self.model
        notes: list[str] = []
        first: tuple[Problem, ...] | None = None
        for _ in range(MOST_CUTS):
            placed, _ = _placed(model, statistics, "minmax", False, self.samples.reach)
            problems = import_problems(placed.model, self.directory)
            first = problems if first is None else first
            if not problems or not self.options.cut:
                return model, notes, name_normalizations(model, problems)
            cut = cut_tail(model, {p.where for p in problems})
            if cut is None:
                break
            model, note = cut
            notes.append(note)
        # cutting does not help: better the whole model than half of it
        return self.model, [], name_normalizations(self.model, first or ())


def import_problems(model: onnx.ModelProto, directory: Path) -> tuple[Problem, ...]:
    """What msfcnn's importer says about a QDQ model; empty if it takes it.

    The importer itself is asked, by a file in `directory`: no second list of what it takes can be
    out of date.
    """
    from msfcnn.frontend import load_model

    file = directory / "quantized.onnx"
    file.write_bytes(model.SerializeToString())
    try:
        load_model(file, cut=False)
    except MsfcnnError as error:
        return error.problems
    return ()


def _placed(
    model: onnx.ModelProto,
    statistics: Mapping[str, Statistics],
    method: str,
    corrected: bool,
    reach: tuple[float, float] | None,
) -> tuple[Placed, Ranges]:
    ranges = choose_ranges(EditedGraph(model), statistics, METHODS[method], reach)
    means = {n: s.channel_means for n, s in statistics.items()} if corrected else None
    return place(model, ranges.of, means), ranges


def _check(model: onnx.ModelProto, directory: Path) -> None:
    """The result as a file: valid, loaded and run once, before anybody gets it.

    With and without onnxruntime's optimizations, because users run it with them, and fused QDQ
    pairs have checks of their own. Raises ModelError.
    """
    file = directory / "int8.onnx"
    try:
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, file)
        for optimize in (False, True):
            runner = session(file, optimize=optimize)
            borders = runner.get_inputs()
            runner.run(None, {b.name: np.zeros(b.shape, np.float32) for b in borders})
    except Exception as error:  # of onnx, protobuf or onnxruntime, without a common base
        what = f"its int8 form does not run in onnxruntime: {reason_of(error)}"
        hint = "please report the model's operators; nothing was written"
        raise ModelError(Problem("int8 model", what, hint)) from error


def _refuse_infinite(model: onnx.ModelProto, statistics: Mapping[str, Statistics]) -> None:
    """Raises ModelError for the first node whose values overflow: no scale fits them."""
    problems = []
    for node in model.graph.node:
        for output in node.output:
            found = statistics.get(output)
            if found is not None and not np.isfinite((found.low, found.high)).all():
                what = f"its result is not finite on these images ({found.low:g} to {found.high:g})"
                hint = "check that the images are scaled as the network was trained"
                problems.append(Problem(node.name, what, hint, node.op_type))
    if problems:
        raise ModelError(problems[0])  # the others follow from it


def _scores(model: onnx.ModelProto) -> list[int]:
    """How many scores each output has that is a list of them."""
    shapes = shapes_of(model)
    found = [shapes[output.name] for output in model.graph.output if output.name in shapes]
    return [max(shape) for shape in found if is_scores(shape)]


def _input_shapes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    return {
        border.name: tuple(d.dim_value for d in border.type.tensor_type.shape.dim)
        for border in model.graph.input
    }


def _fitting(samples: Samples, shapes: Mapping[str, tuple[int, ...]], what: str) -> _Fitted:
    """[n, *shape without batch] by input, from images with or without the 1 of the batch."""
    images = samples.images
    if isinstance(images, np.ndarray):
        images = {next(iter(shapes)): images}
    missing = [name for name in shapes if name not in images]
    if missing:
        hint = f"the network has {len(shapes)} inputs, {', '.join(shapes)}: give values for each"
        raise UsageError(Problem(what, f"are missing for the input {missing[0]}", hint))
    fitted = {name: _of_input(images[name], shape, what) for name, shape in shapes.items()}
    counts = {len(values) for values in fitted.values()}
    if len(counts) > 1:
        counted = " and ".join(map(str, sorted(counts)))
        hint = "give equally many values for every input"
        raise UsageError(Problem(what, f"are {counted} for different inputs", hint))
    return _Fitted(fitted, samples.labels, samples.reach)


def _of_input(
    images: NDArray[np.float32], shape: tuple[int, ...], what: str
) -> NDArray[np.float32]:
    """Images of one input as [n, *shape[1:]]; UsageError, about `what`, if they do not fit."""
    inner = shape[1:]
    if images.shape[1:] not in (shape, inner):
        given, wanted = ("x".join(map(str, s)) for s in (images.shape[1:], inner))
        hint = "transpose or resize them" if images[:1].size else "give at least one"
        raise UsageError(Problem(what, f"are {given} each, the network wants {wanted}", hint))
    if not len(images):
        raise UsageError(Problem(what, "there are none", "give at least one"))
    return images.reshape(len(images), *inner).astype(np.float32)


def _spread(count: int) -> NDArray[np.bool_]:
    """At most COMPARED of so many images, evenly chosen."""
    chosen = np.zeros(count, bool)
    chosen[np.linspace(0, count - 1, min(count, COMPARED)).astype(int)] = True
    return chosen
