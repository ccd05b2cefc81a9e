"""What a compiled program does with test images, and how large it is.

For programs of this computer that somebody else has built (`msfcnn run`); `firmware` measures those
of boards.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msfcnn.pipeline import Generated
from msfcnn.report import RunReport, code_report
from msfcnn.verifier.check import accuracy
from msfcnn.verifier.execute import run_program
from msfcnn.verifier.images import load_images, random_images

RANDOM_IMAGES = 4


@dataclass(frozen=True)
class Sizes:
    """Bytes of machine code and constants; `tables` and `weights` are the model's own.

    Of this computer: with wider pointers, and another instruction set, than a board has.
    """

    engine: int
    tables: int
    weights: int


def measure(
    generated: Generated, program: Path, images_file: Path | None, objects: Sequence[Path]
) -> RunReport:
    """Runs the program on a file of images (random ones if None).

    Raises UsageError for an unusable file, MismatchError if the program does not run cleanly.
    """
    model = generated.model
    if images_file is None:
        images, labels = random_images(model, RANDOM_IMAGES), None
    else:
        images, labels = load_images(model, images_file)
    with tempfile.TemporaryDirectory(prefix="msfcnn-") as directory:
        done = run_program(program, generated, images, Path(directory))
    sizes = object_sizes(objects)
    return RunReport(
        **vars(code_report(generated)),
        images=len(images),
        images_file=None if images_file is None else images_file.name,
        accuracy=None if labels is None else accuracy(done.outputs[0], labels),
        seconds_per_image=done.seconds / len(images),
        arena_untouched=done.untouched,
        engine_bytes=sizes.engine if sizes else None,
        table_bytes=sizes.tables if sizes else None,
    )


def test_images(model: Path) -> Path | None:
    """NAME_test.npz beside NAME.onnx, if it is there."""
    path = model.with_name(f"{model.stem}_test.npz")
    return path if path.is_file() else None


def object_sizes(objects: Sequence[Path]) -> Sizes | None:
    """Code and constants of the engine, the tables and the weights; None without binutils.

    Objects in a directory called `engine` are the engine's, NAME_weights.o holds the weights.
    """
    tool = shutil.which("size")
    if not objects or not tool:
        return None
    done = subprocess.run([tool, *map(str, objects)], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    totals = {"engine": 0, "tables": 0, "weights": 0}
    for line, path in zip(done.stdout.splitlines()[1:], objects, strict=True):
        text, data = (int(field) for field in line.split()[:2])
        if path.parent.name == "engine":
            totals["engine"] += text + data
        else:
            totals["weights" if path.stem.endswith("_weights") else "tables"] += text + data
    return Sizes(**totals)
