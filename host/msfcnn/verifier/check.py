"""Generated C code against the reference, byte by byte, and both against onnxruntime, op by op.

Two questions that must not be mixed: whether C does what the reference defines (every byte, under
sanitizers), and whether the reference does what the file says (onnxruntime, within roundings).
`execute` runs C, `oracle` and `tflite` are the judges, `images` the inputs.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msfcnn.emit import c_name
from msfcnn.frontend import load_model
from msfcnn.ir import Model
from msfcnn.options import Options
from msfcnn.pipeline import Generated, generate, generate_layers
from msfcnn.reference import execute
from msfcnn.report import TOLERANCE, OpCheck, TfliteCheck, Verification
from msfcnn.verifier.execute import Execution, execute_c
from msfcnn.verifier.images import load_images, random_images
from msfcnn.verifier.oracle import Oracle
from msfcnn.verifier.tflite import compare

RANDOM_IMAGES = 4
ORACLE_IMAGES = 4  # the oracle judges single ops: a few images say as much as all


def verify(path: Path, options: Options, images_file: Path | None = None) -> Verification:
    """Generates a model, compiles it with sanitizers, runs it and compares.

    Raises ModelError, UsageError, InfeasibleError, BoardError (no compiler), or MismatchError if
    the C code does not run cleanly. Differences are not raised: they are in the result.
    """
    model, name = load_model(path), c_name(path.stem)
    # this computer runs the portable kernels; the bytes are those of every other kernel
    generated = generate(model, name, replace(options, isa="generic"), "msfcnn verify")
    if images_file is None:
        images, labels = random_images(model, RANDOM_IMAGES), None
    else:
        images, labels = load_images(model, images_file)
    with tempfile.TemporaryDirectory(prefix="msfcnn-") as directory:
        place = Path(directory)
        done = execute_c(generated, name, images, place / "plan", engine=place)
        layers = generate_layers(model, name)
        alone = execute_c(layers, name, images, place / "layers", engine=place)
    expected = execute(model, images)
    oracle = Oracle(path, model)
    few = tuple(values[:ORACLE_IMAGES] for values in expected)
    tflite = compare(path, model, images[:ORACLE_IMAGES], dict(enumerate(few)))
    return Verification(
        images=len(images),
        peak_ram=generated.layout.peak_ram,
        arena_untouched=done.untouched,
        ops=_ops(oracle, generated, done, alone, expected, tflite or TfliteCheck()),
        outputs_lsb=_outputs_lsb(oracle, model, images[:ORACLE_IMAGES], expected),
        accuracy=None if labels is None else accuracy(done.outputs[0], labels),
        tflite=tflite,
    )


def accuracy(scores: NDArray[np.int8], labels: NDArray[np.int64]) -> float | None:
    """Share of images whose largest score is their label; images labelled -1 do not count."""
    known = labels >= 0
    if not known.any():
        return None
    guesses = scores.reshape(len(scores), -1).argmax(axis=1)
    return float((guesses[known] == labels[known]).mean())


def _ops(
    oracle: Oracle,
    generated: Generated,
    done: Execution,
    alone: Execution,
    expected: tuple[NDArray[np.int8], ...],
    tflite: TfliteCheck,
) -> tuple[OpCheck, ...]:
    """For each op: its largest distance from the oracle, and whether C differs from the
    reference. Views have none of their own: they are other names of the same bytes.

    done: the plan that was asked for. alone: the same network layer by layer, where every tensor
    is whole and can be compared. expected: by tensor, of the whole network.
    """
    model = generated.source
    worst, differing = _judge(oracle, tuple(t[:ORACLE_IMAGES] for t in expected))
    differs = _differences(generated, done, alone, expected)
    return tuple(
        OpCheck(
            node=op.node,
            op=type(op).__name__,
            tensor=model.tensors[op.output].name,
            c_differs=differs[op.output],
            oracle_lsb=worst.get(op.output),
            oracle_differs=differing.get(op.output, 0.0),
            tflite_lsb=tflite.worst.get(op.output),
            tflite_differs=tflite.differing.get(op.output, 0.0),
            tflite_allowed=tflite.allowed.get(op.output, TOLERANCE),
        )
        for op in model.ops
        if not op.view
    )


def _differences(
    generated: Generated,
    done: Execution,
    alone: Execution,
    expected: tuple[NDArray[np.int8], ...],
) -> dict[int, int]:
    """Per tensor the values that differ, layer by layer and where the plan has it whole."""
    differs = {t: _unequal(values, expected[t]) for t, values in alone.tensors.items()}
    # a plan has whole only what its stages end in; dead channels are not computed in it, so that
    # its tensors are compared with the channels that are kept
    seen = dict(done.tensors)
    seen |= {
        port.tensor: values
        for port, values in zip(generated.model.outputs, done.outputs, strict=True)
    }
    for tensor, values in seen.items():
        kept = list(generated.folding.kept[tensor])
        wanted = expected[tensor][..., kept]
        differs[tensor] = differs.get(tensor, 0) + _unequal(values, wanted)
    return differs


def _unequal(values: NDArray[np.int8], wanted: NDArray[np.int8]) -> int:
    """How many values differ; a view of a tensor may have another shape of the same size."""
    return int((values.reshape(wanted.shape) != wanted).sum())


def _judge(
    oracle: Oracle, expected: tuple[NDArray[np.int8], ...]
) -> tuple[dict[int, int], dict[int, float]]:
    """Per tensor the largest difference and the share of differing values, over all images."""
    worst: dict[int, int] = {}
    shares: dict[int, list[float]] = {}
    for index in range(len(expected[0])):
        judged = oracle.judge([values[index] for values in expected])
        for tensor, theirs in judged.items():
            distance = np.abs(theirs.astype(np.int16) - expected[tensor][index])
            worst[tensor] = max(worst.get(tensor, 0), int(distance.max()))
            shares.setdefault(tensor, []).append(float((distance > 0).mean()))
    return worst, {t: sum(s) / len(s) for t, s in shares.items()}


def _outputs_lsb(
    oracle: Oracle, model: Model, images: NDArray[np.int8], expected: tuple[NDArray[np.int8], ...]
) -> int:
    """Largest distance of the network's outputs from onnxruntime's, in steps of int8."""
    worst = 0
    for index, image in enumerate(images):
        for port, theirs in zip(model.outputs, oracle.run(image), strict=True):
            ours = expected[port.tensor][index].astype(np.int16)
            worst = max(worst, int(np.abs(theirs.astype(np.int16) - ours).max()))
    return worst
