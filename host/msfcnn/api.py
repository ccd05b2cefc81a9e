"""What msfcnn offers to Python programs; `import msfcnn` has all of it (docs/api.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msfcnn.emit import c_name
from msfcnn.errors import (
    BoardError,
    InfeasibleError,
    MismatchError,
    ModelError,
    ModelNote,
    MsfcnnError,
    Problem,
    UsageError,
)
from msfcnn.ir import Model
from msfcnn.options import Options
from msfcnn.pipeline import Generated
from msfcnn.pipeline import generate as _generate
from msfcnn.report import (
    DatasetReport,
    Fronts,
    Health,
    ImportVerdict,
    ModelReport,
    MovingStage,
    ParetoReport,
    PlanReport,
    QuantizationReport,
    RunReport,
    Verification,
    fronts_report,
    model_report,
    moving_stage,
    pareto_report,
    plan_report,
)
from msfcnn.verdict import BoardsReport

__all__ = [
    "BoardError",
    "BoardsReport",
    "DatasetReport",
    "Fronts",
    "Generated",
    "Health",
    "ImportVerdict",
    "InfeasibleError",
    "MismatchError",
    "Model",
    "ModelError",
    "ModelNote",
    "ModelReport",
    "MovingStage",
    "MsfcnnError",
    "Options",
    "ParetoReport",
    "PlanReport",
    "Problem",
    "QuantizationReport",
    "RunReport",
    "UsageError",
    "Verification",
    "board_report",
    "doctor",
    "evaluate",
    "explain",
    "fronts",
    "generate",
    "import_check",
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
    from msfcnn.nodes import Importer

Source = Model | Path | str
DEFAULTS = Options()


def load_model(path: Path | str) -> Model:
    """The network of an int8 QDQ ONNX file.

    Raises ModelError with everything that is not supported, or UsageError if there is no file.
    """
    from msfcnn.frontend import load_model as load

    return load(Path(path))


def operators() -> tuple[Importer, ...]:
    """The ONNX operators that can be imported, with their constraints."""
    from msfcnn.frontend import SUPPORTED

    return tuple(SUPPORTED.values())


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
    return plan_report(
        _model(model),
        found.options(options),
        found.clock,
        found.cycles,
        found.flash_wait_states,
    )


def pareto(model: Source, options: Options = DEFAULTS) -> ParetoReport:
    """All trade-offs of RAM and MACs that no other one beats, within the bounds given.

    Raises InfeasibleError if nothing is within them.
    """
    return pareto_report(_model(model), options)


def explain(
    model: Source, stage: int, options: Options = DEFAULTS, board: str | None = None
) -> MovingStage:
    """A stage of the plan in motion, by its number from 1 on: lines that are resident and dead.

    Raises UsageError if there is no such stage, InfeasibleError or BoardError as `plan` does.
    """
    from msfcnn.pipeline import plan_model
    from msfcnn.report import stage_nodes

    if board is not None:
        from msfcnn.boards import find_board

        options = find_board(board).options(options)
    planned = plan_model(_model(model), options)
    ops = dict(enumerate(stage_nodes(planned.schedule, planned.model), 1))
    return moving_stage(planned, stage, ops.get(stage, ()))


def fronts(model: Source, options: Options = DEFAULTS, boards: Sequence[str] = ()) -> Fronts:
    """RAM against MACs and time: all that is possible, what is chosen, layer by layer, the paper's.

    boards: whose RAM is to be compared with; the first one's kernels and limit count.
    """
    if not boards:
        return fronts_report(_model(model), options)
    from msfcnn.boards import find_boards
    from msfcnn.verdict import fronts_on

    return fronts_on(_model(model), find_boards(",".join(boards)), options)


def board_report(
    model: Path | str,
    boards: Sequence[str],
    options: Options = DEFAULTS,
    *,
    dataset: Path | str | None = None,
    float_model: Path | str | None = None,
    preprocessing: Mapping[str, object] | None = None,
    builds: Path | str = "build",
    count: bool = False,
    with_fronts: bool = False,
    watch: Callable[[str], Callable[[int, int], None]] | None = None,
) -> BoardsReport:
    """Whether a network fits each board, how fast it is there, how accurate it is.

    dataset, float_model, preprocessing: as for `evaluate`.
    builds:      where `msfcnn build` keeps programs: the last one counts if its plan is the same.
    count:       count executed instructions where a processor of the kind can be emulated.
    with_fronts: find the trade-offs of RAM with MACs and time, too.
    watch:       called with a title, gives a function of progress (done, total).

    Boards that the network does not fit are in the result. Raises BoardError for unknown ones.
    """
    import msfcnn
    from msfcnn.boards import find_boards
    from msfcnn.verdict import Asked, boards_report

    path = Path(model)
    found = find_boards(",".join(boards))
    source = load_model(path)
    accuracy = None
    if dataset is not None:
        accuracy = evaluate(
            path,
            dataset,
            options,
            float_model=float_model,
            preprocessing=preprocessing,
            watch=watch,
        )
    asked = Asked(file=path, options=options, builds=Path(builds), count=count, fronts=with_fronts)
    return boards_report(source, found, asked, msfcnn.__version__, watch, accuracy)


def doctor(
    boards: Sequence[str] = ("all",),
    watch: Callable[[str], Callable[[int, int], None]] | None = None,
) -> Health:
    """What is installed, what boards lack, and the commands that install it.

    Raises BoardError for unknown boards.
    """
    from msfcnn.boards import find_boards
    from msfcnn.firmware import health

    found = find_boards(",".join(boards))
    return health(found, *(() if watch is None else (watch("boards"),)))


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
    from msfcnn.verifier import verify as check

    return check(Path(model), options, None if images is None else Path(images))


def evaluate(
    model: Path | str,
    dataset: Path | str,
    options: Options = DEFAULTS,
    *,
    float_model: Path | str | None = None,
    preprocessing: Mapping[str, object] | None = None,
    watch: Callable[[str], Callable[[int, int], None]] | None = None,
) -> DatasetReport:
    """Runs a network on a data set: generated C code, onnxruntime and, if given, the float network.

    dataset:       a directory of pictures, an .npz or an .npy file (docs/quantize.md).
    float_model:   the float ONNX file that the model was made from.
    preprocessing: overrides what NAME.preprocess.yaml beside the model says.
    watch:         called with a title, gives a function of progress (done, total).

    Raises BoardError without a C compiler.
    """
    from msfcnn.verifier import evaluate as on_dataset

    return on_dataset(
        Path(model),
        Path(dataset),
        options,
        None if float_model is None else Path(float_model),
        preprocessing,
        *(() if watch is None else (watch("data set"),)),
    )


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
    from msfcnn.verifier import measure, test_images

    path = Path(model)
    generated = generate(path, options)
    given = test_images(path) if images is None else Path(images)
    return measure(generated, Path(program), given, objects)


def quantize(
    model: Path | str,
    calibration: Path | str,
    output: Path | str,
    *,
    method: str = "minmax",
    correct_biases: bool | None = None,
    cut: bool = True,
    dataset: Path | str | None = None,
    sizes: Mapping[str, int] | None = None,
    preprocessing: Mapping[str, object] | None = None,
    watch: Callable[[str], Callable[[int, int], None]] | None = None,
) -> QuantizationReport:
    """Quantizes a float ONNX file to int8 QDQ, writes it, and says what that costs in accuracy.

    calibration: a directory of pictures, an .npz or an .npy file (docs/quantize.md).
    method:      minmax, percentile, entropy, mse, or best, which tries them all.
    correct_biases: make up in the biases for rounded weights; None: if `best` finds that it helps.
    cut:         cut off operators at the end that msfcnn does not run.
    dataset:     other images to compare int8 with float on.
    sizes:       of open dimensions of the input, by name or number.
    preprocessing: how pictures become inputs: size, mean, std, pixels, layout, color, fit.
    watch:       called with a title, gives a function of progress (done, total).

    Raises ModelError or UsageError; then nothing is written.
    """
    from msfcnn.quantizer import Pictures, QuantizeOptions, quantize_file

    options = QuantizeOptions(method, correct_biases, sizes or {}, cut)
    others = None if dataset is None else Path(dataset)
    pictures = Pictures(Path(calibration), others, preprocessing or {})
    return quantize_file(Path(model), pictures, Path(output), options, watch)


def import_check(
    models: Sequence[Path | str],
    *,
    quantize: bool = False,
    plan: bool = False,
    verify: bool = False,
    timeout: float = 0,
    watch: Callable[[ImportVerdict, int, int], None] | None = None,
) -> tuple[ImportVerdict, ...]:
    """Whether each model runs, and why not: all .onnx and .tflite files, also below directories.

    quantize: quantize float models first, with random images. plan, verify: go on that far.
    timeout:  seconds for each model, 0 for no limit; there is none in a thread.
    watch:    called with each verdict as soon as it is there, how many there are, of how many.
    """
    from msfcnn.model_survey import Steps, check_models, model_files

    files = model_files([Path(model) for model in models])
    steps = Steps(quantize=quantize, plan=plan, verify=verify, timeout=timeout)
    found: list[ImportVerdict] = []
    for verdict in check_models(files, steps):
        found.append(verdict)
        if watch is not None:
            watch(verdict, len(found), len(files))
    return tuple(found)


def _model(source: Source) -> Model:
    """A model, read from its file where a path is given. Raises UsageError."""
    if isinstance(source, Model):
        return source
    if isinstance(source, (str, Path)):
        return load_model(source)
    what = f"{type(source).__name__} is neither a path nor a model"
    raise UsageError(Problem("model", what, "give what msfcnn.load_model() returns, or a path"))
