"""Every model below a directory through import, one after the other: what runs, and why not.

`msfcnn import-check` shows the verdicts. It is also how defects are found: an exception that is no
MsfcnnError is a verdict of its own, and the next model is tried.
"""

from __future__ import annotations

import math
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msfcnn.errors import ModelError, ModelNote, MsfcnnError, Problem, UsageError
from msfcnn.options import Options
from msfcnn.report import DEFECT, REFUSED, RUNS, ImportVerdict
from msfcnn.time_limit import OutOfTimeError, time_limit

SUFFIXES = (".onnx", ".tflite")
RANDOM_IMAGES = 4
OPEN_SIZE = 32  # pixels of a height or width that a file leaves open
LARGEST_INPUT = 2**26  # elements; no board has that much memory


@dataclass(frozen=True)
class Steps:
    """How far each model goes: quantized if it is float, planned, its code verified.

    Verifying plans, too. A float model that is not to be quantized is refused at import.
    timeout: seconds for each, 0 for no limit; held where signals can be (not in a thread).
    """

    quantize: bool = False
    plan: bool = False
    verify: bool = False
    timeout: float = 0


def model_files(paths: Sequence[Path]) -> list[Path]:
    """The model files among some paths and below directories. Raises UsageError for none.

    Files that are named are taken whatever they are called; those of a directory by their endings,
    sorted, so that two runs can be compared.
    """
    found = []
    for path in paths:
        if path.is_dir():
            found += sorted(f for f in path.rglob("*") if f.suffix in SUFFIXES and f.is_file())
        else:
            found.append(path)
    if not found:
        what = "holds no .onnx or .tflite files"
        raise UsageError(Problem(", ".join(map(str, paths)), what, "name a directory of models"))
    return found


def check_models(files: Sequence[Path], steps: Steps) -> Iterator[ImportVerdict]:
    """The verdict on each file, as soon as it is there; nothing that a file does ends the row."""
    for file in files:
        begin = time.monotonic()
        verdict = _verdict(file, steps)
        yield replace(verdict, seconds=time.monotonic() - begin)


def _verdict(file: Path, steps: Steps) -> ImportVerdict:
    """What became of a file, whatever it did."""
    nothing = ImportVerdict(file=str(file), form="", verdict=REFUSED)
    with tempfile.TemporaryDirectory(prefix="msfcnn-") as directory:
        try:
            with time_limit(steps.timeout):
                return _checked(file, steps, Path(directory))
        except OutOfTimeError:
            what = f"took longer than {steps.timeout:g} s"
            return replace(nothing, problems=(Problem("", what, "try it alone, or --timeout 0"),))
        except MsfcnnError as error:
            return replace(nothing, problems=error.problems)
        except Exception as error:  # what nobody foresaw is what this is looking for
            problem = Problem("", f"{type(error).__name__}: {error}")
            return replace(nothing, verdict=DEFECT, problems=(problem,))


def _checked(file: Path, steps: Steps, directory: Path) -> ImportVerdict:
    """Import, and what else is asked; `directory` is for files that last as long as this one."""
    from msfcnn.frontend import load_model
    from msfcnn.quantizer import is_float

    form = "float" if is_float(file) else "int8"
    if form == "float" and steps.quantize:
        return _quantized(file, steps, directory)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ModelNote)
        try:
            load_model(file)
        except MsfcnnError as error:
            problems = error.problems
            return ImportVerdict(file=str(file), form=form, verdict=REFUSED, problems=problems)
        notes = tuple(str(w.message) for w in caught if isinstance(w.message, ModelNote))
        return _run(
            ImportVerdict(file=str(file), form=form, verdict=RUNS, notes=notes), file, steps
        )


def _quantized(file: Path, steps: Steps, directory: Path) -> ImportVerdict:
    """A float model quantized on noise: enough to see whether it can be, not how well."""
    from msfcnn.quantizer import Samples, input_shapes, quantize

    try:
        shapes = {
            name: tuple(n or OPEN_SIZE for n in shape)
            for name, shape in input_shapes(file, {}).items()
        }
        _check_sizes(shapes)
        images = {name: _random(shape) for name, shape in shapes.items()}
        done = quantize(file, Samples(images))
    except MsfcnnError as error:
        return ImportVerdict(file=str(file), form="float", verdict=REFUSED, problems=error.problems)
    verdict = ImportVerdict(
        file=str(file),
        form="float",
        verdict=REFUSED if done.unsupported else RUNS,
        problems=done.unsupported,
        notes=done.notes,
        error=_finite(max(output.error for output in done.comparison.outputs)),
        worst=next(iter(done.comparison.worst), None),
    )
    if done.unsupported:
        return verdict
    target = directory / "network.onnx"  # a name that C allows
    target.write_bytes(done.model.SerializeToString())
    return _run(verdict, target, steps)


def _run(verdict: ImportVerdict, file: Path, steps: Steps) -> ImportVerdict:
    """The verdict on an int8 file that imports, with its plan or what its code computes."""
    from msfcnn.frontend import load_model
    from msfcnn.report import plan_report
    from msfcnn.verifier import verify

    try:
        if steps.verify:
            found = verify(file, Options())
            agrees = found.first_mismatch is None
            return replace(verdict, peak_ram=found.peak_ram, agrees=agrees)
        if steps.plan:
            return replace(verdict, peak_ram=plan_report(load_model(file), Options()).peak_ram)
    except MsfcnnError as error:
        return replace(verdict, verdict=REFUSED, problems=error.problems)
    return verdict


def _finite(error: float) -> float | None:
    """None where the outputs of both cannot be compared: their size hangs on the image, say."""
    return error if math.isfinite(error) else None


def _check_sizes(shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raises ModelError for inputs that nobody could hold in memory, here or on a board."""
    hint = "export it with the size that a board's camera or sensor gives"
    large = [
        Problem(name, f"has the shape {list(shape)}", hint)
        for name, shape in shapes.items()
        if math.prod(shape) > LARGEST_INPUT
    ]
    if large:
        raise ModelError(*large)


def _random(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Noise with drift, as most signals have some."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 1, (RANDOM_IMAGES, *shape[1:]))
    drift = rng.normal(0, 1, (RANDOM_IMAGES, *[1] * (len(shape) - 1)))
    return (noise + drift).astype(np.float32)
