"""From a float file and images on the disk to an int8 file beside its preprocessing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from msfcnn.dataset import Loaded, load_samples, preprocessing_file
from msfcnn.errors import Problem, UsageError
from msfcnn.files import write_all_at
from msfcnn.quantizer.prepare.border import input_shapes
from msfcnn.quantizer.quantize import Quantized, QuantizeOptions, Samples, Watch, quantize
from msfcnn.quantizer.statistics import quiet
from msfcnn.report import QuantizationReport

MOST_PICTURES = 500  # for calibration; more say nothing new about ranges


@dataclass(frozen=True)
class Pictures:
    """calibration: directory or file of images; dataset: others to compare on, if there are.

    preprocessing: fields of dataset.Preprocessing that are not to follow from the network.
    """

    calibration: Path
    dataset: Path | None = None
    preprocessing: Mapping[str, Any] = field(default_factory=dict)


def quantize_file(
    model: Path,
    pictures: Pictures,
    output: Path,
    options: QuantizeOptions,
    watch: Watch | None = None,
) -> QuantizationReport:
    """Quantize a float model and write it; nothing is written if anything fails.

    Beside `output` goes NAME.preprocess.yaml where the calibration images are pictures: how a
    picture becomes an input belongs to the network as much as its weights do.
    Raises UsageError or ModelError, as `load_samples` and `quantize` do.
    """
    if output.is_dir():
        hint = "give the name of a file in that directory"
        raise UsageError(Problem(str(output), "is a directory", hint))
    if output.exists() and model.exists() and output.samefile(model):
        hint = "the float network would be lost: give the int8 file another name"
        raise UsageError(Problem(str(output), "is the file that is read", hint))
    shapes = input_shapes(model, options.sizes)
    given = pictures.preprocessing
    calibration = load_samples(pictures.calibration, shapes, given, MOST_PICTURES)
    dataset = load_samples(pictures.dataset, shapes, given) if pictures.dataset else None
    done = quantize(
        model,
        Samples(calibration.whole, calibration.labels, _reach(calibration)),
        options,
        Samples(dataset.whole, dataset.labels) if dataset else None,
        watch or (lambda _: quiet),
    )
    content = done.model.SerializeToString()
    written: dict[Path, bytes] = {output: content}
    if calibration.preprocessing is not None:
        written[preprocessing_file(output)] = _companion(calibration, done)
    write_all_at(written)
    return QuantizationReport(
        files=tuple(written),
        size=len(content),
        method=done.method,
        corrected=done.corrected,
        notes=(*calibration.notes, *(dataset.notes if dataset else ()), *done.notes),
        degenerate=done.degenerate,
        unsupported=done.unsupported,
        comparison=done.comparison,
        scale=done.scale,
        zero_point=done.zero_point,
    )


def _reach(calibration: Loaded) -> tuple[float, float] | None:
    """What black and white become: the scale of the input hangs on no picture."""
    return None if calibration.preprocessing is None else calibration.preprocessing.reach


def _companion(calibration: Loaded, done: Quantized) -> bytes:
    """What is kept beside the model about its pictures."""
    assert calibration.preprocessing is not None
    kept = replace(calibration.preprocessing, scale=done.scale, zero_point=done.zero_point)
    return kept.to_yaml().encode()
