"""What msfcnn offers to Python programs; `import msfcnn` has all of it (docs/api.md)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msfcnn.emit.names import c_name
from msfcnn.errors import (
    BoardError,
    InfeasibleError,
    MismatchError,
    ModelError,
    MsfcnnError,
    Problem,
    UsageError,
)
from msfcnn.files import write_atomically
from msfcnn.ir import Model
from msfcnn.options import Options
from msfcnn.pipeline import Generated
from msfcnn.pipeline import generate as _generate
from msfcnn.report.code import RunReport
from msfcnn.report.layers import ModelReport, model_report
from msfcnn.report.plan import ParetoReport, PlanReport, pareto_report, plan_report
from msfcnn.report.verification import Verification

__all__ = [
    "BoardError",
    "Generated",
    "InfeasibleError",
    "MismatchError",
    "Model",
    "ModelError",
    "ModelReport",
    "MsfcnnError",
    "Options",
    "ParetoReport",
    "PlanReport",
    "Problem",
    "RunReport",
    "UsageError",
    "Verification",
    "generate",
    "inspect",
    "load_model",
    "model_name",
    "operators",
    "pareto",
    "plan",
    "quantize",
    "run",
    "verify",
]

if TYPE_CHECKING:
    from msfcnn.frontend.onnx.support import OpSupport

Source = Model | Path | str
DEFAULTS = Options()


def load_model(path: Path | str) -> Model:
    """The network of an int8 QDQ ONNX file.

    Raises ModelError with everything that is not supported, or UsageError if there is no file.
    """
    from msfcnn.frontend import load_model as load

    return load(Path(path))


def operators() -> tuple[OpSupport, ...]:
    """The ONNX operators that can be imported, with their constraints."""
    from msfcnn.frontend.onnx.support import SUPPORTED

    return SUPPORTED


def model_name(path: Path | str) -> str:
    """The C identifier of a model by default: its file's name, other characters underscores."""
    return c_name(Path(path).stem)


def inspect(model: Source) -> ModelReport:
    """A network's layers with shapes, weights, MACs and live bytes, and its dead channels."""
    return model_report(_model(model))


def plan(model: Source, options: Options = DEFAULTS, board: str | None = None) -> PlanReport:
    """The best plan for the options, exact in the plan space.

    board: a name of boards.yaml; its kernels, its clock and, without a bound, its RAM limit count.

    Raises InfeasibleError, with the least RAM that is possible, or BoardError.
    """
    if board is None:
        return plan_report(_model(model), options)
    from msfcnn.boards import find_board

    found = find_board(board)
    return plan_report(_model(model), found.options(options), found.clock)


def pareto(model: Source, options: Options = DEFAULTS) -> ParetoReport:
    """All trade-offs of RAM and MACs that no other one beats, within the bounds given.

    Raises InfeasibleError if nothing is within them.
    """
    return pareto_report(_model(model), options)


def generate(
    model: Source,
    options: Options = DEFAULTS,
    *,
    name: str | None = None,
    command: str = "msfcnn.generate()",
) -> Generated:
    """The C code of a network for the best plan; its `write(directory)` writes the files.

    name:    C identifier of the model; by default made from its file's name.
    command: what makes the files anew, for their banners.

    Raises InfeasibleError, or UsageError for a name that is none in C.
    """
    source = _model(model)
    return _generate(source, name or c_name(source.name), options, command)


def verify(
    model: Path | str, options: Options = DEFAULTS, images: Path | str | None = None
) -> Verification:
    """Compiles the generated code with sanitizers, compares it with reference and onnxruntime.

    images: an .npz file (docs/api.md); random ones by default.

    Differences are in the result. Raises MismatchError if the code does not run cleanly,
    BoardError without a C compiler.
    """
    from msfcnn.verifier.check import verify as check

    return check(Path(model), options, None if images is None else Path(images))


def run(
    model: Path | str,
    program: Path | str,
    options: Options = DEFAULTS,
    images: Path | str | None = None,
    objects: Sequence[Path] = (),
) -> RunReport:
    """Runs a program that was built for this computer with the same options, and measures it.

    images:  an .npz file; by default NAME_test.npz beside NAME.onnx, or random ones.
    objects: the program's object files, for sizes.

    Raises MismatchError if the program does not run cleanly.
    """
    from msfcnn.verifier.measure import measure, test_images

    path = Path(model)
    generated = generate(path, options)
    given = test_images(path) if images is None else Path(images)
    return measure(generated, Path(program), given, objects)


def quantize(model: Path | str, calibration: Path | str, output: Path | str) -> Path:
    """Quantizes a float ONNX file to int8 QDQ and writes it; returns the output's path.

    calibration: an .npz or .npy file of images as the float network takes them.

    Raises ModelError or UsageError; then nothing is written.
    """
    from msfcnn.quantizer import load_calibration
    from msfcnn.quantizer import quantize as quantized

    content = quantized(Path(model), load_calibration(Path(calibration))).SerializeToString()
    write_atomically(Path(output), content)
    return Path(output)


def _model(source: Source) -> Model:
    if isinstance(source, Model):
        return source
    if isinstance(source, (str, Path)):
        return load_model(source)
    what = f"{type(source).__name__} is neither a path nor a model"
    raise UsageError(Problem("model", what, "give what msfcnn.load_model() returns, or a path"))
