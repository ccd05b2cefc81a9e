"""TFLite's own runtime as a second judge: each of our ops on the values that it computes.

An op is judged on the values that the runtime has in front of it, so that roundings of earlier
ops cannot hide or excuse an error of this one.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msfcnn.frontend import Arrangement, is_tflite, translate
from msfcnn.ir import Model, Port
from msfcnn.reference import run_op
from msfcnn.report import TfliteCheck
from msfcnn.verifier.tflite_rounding import allowed
from msfcnn.verifier.tflite_runtime import installed

Values = Mapping[int, NDArray[np.int8]]  # by tensor of the model: int8 [n, H, W, C]
Shown = Mapping[str, tuple[int, Arrangement]]  # see Translation
SECONDS = 600  # that a library may take for all images
CLOSE = 8  # steps of an output that rounding twice explains
ABSENT = "neither tflite-micro nor ai-edge-litert is installed: pip install 'msfcnn[tflite]'"


def compare(
    path: Path, model: Model, images: NDArray[np.int8], outputs: Values
) -> TfliteCheck | None:
    """Compares a model with TFLite's runtime; None if its file is not TFLite.

    images: int8 [n, *sample_shape]. outputs: what we compute from them. Libraries are tried in
    turn until one agrees in every operator and closely in the outputs; else that of the closest
    outputs is kept, or the first that ran if none agrees. If none runs the reasons are told.
    """
    data = path.read_bytes()
    if not is_tflite(data, path):
        return None
    translated = translate(data, path)
    names = [border.name for border in translated.proto.graph.input]
    feeds = _fed(model, names, images)
    found: list[TfliteCheck] = []
    for library in installed():
        check = _with(library, path, model, feeds, outputs, translated.shown)
        found.append(replace(check, allowed=allowed(model, translated.proto.graph.node)))
        if found[-1].agrees and found[-1].outputs_lsb <= CLOSE:
            break
        # tflite-micro has few operators, some of its kernels expect an unchanged scale, and what
        # shape a file leaves open it takes for 1: dilated Conv1D of Keras in one batch of several
    reasons = "; ".join(check.reason for check in found) or ABSENT
    compared = [check for check in found if check.runtime]
    agreeing = [c for c in compared if c.agrees] or compared[:1]
    return min(
        agreeing, key=lambda c: c.outputs_lsb, default=TfliteCheck(runtime="", reason=reasons)
    )


def _with(
    library: str,
    path: Path,
    model: Model,
    feeds: Mapping[str, NDArray[np.generic]],
    outputs: Values,
    shown: Shown,
) -> TfliteCheck:
    """The comparison with one library."""
    with tempfile.TemporaryDirectory(prefix="msfcnn-") as directory:
        fed, tensors = Path(directory, "images.npz"), Path(directory, "tensors.npz")
        wanted = np.array(sorted({place for place, _ in shown.values()}), np.int64)
        np.savez(fed, allow_pickle=False, tensors=wanted, **feeds)
        reason = _run(library, path, fed, tensors)
        if reason:
            return TfliteCheck(runtime="", reason=f"{library}: {reason}")
        with np.load(tensors) as archive:
            count = len(next(iter(feeds.values())))
            theirs = _stored(model, dict(archive), count, shown)
    worst, differing = _judge(model, theirs)
    ports = [port.tensor for port in model.outputs if port.tensor in theirs]
    whole = [int(_distance(outputs[t], theirs[t]).max()) for t in ports]
    return TfliteCheck(
        runtime=library,
        reason="",
        worst=worst,
        differing=differing,
        outputs_lsb=max(whole, default=0),
    )


def _run(library: str, path: Path, feeds: Path, tensors: Path) -> str:
    """Runs the library; returns why it does not take the file, or nothing."""
    module = "msfcnn.verifier.tflite_runtime"
    command = [sys.executable, "-m", module, library, str(path), str(feeds), str(tensors)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"takes longer than {SECONDS} s"
    if not done.returncode and tensors.is_file():
        return ""
    return (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]


def _fed(
    model: Model, names: Sequence[str], images: NDArray[np.int8]
) -> Mapping[str, NDArray[np.generic]]:
    """`input0` [n, batch, ...] and so on: values as the caller of the network gives them.

    names: of the inputs in the order of the file.
    """
    values = model.taken_apart(images)
    ports = {port.name: port for port in model.inputs}
    return {
        f"input{i}": np.stack([_given(model, ports[n], v) for v in values[ports[n].tensor]])
        for i, n in enumerate(names)
    }


def _given(model: Model, port: Port, values: NDArray[np.int8]) -> NDArray[np.generic]:
    """One input of one image: float32 where the file's input is real, else the stored bytes."""
    view = port.view(model)
    stored = view.to_onnx(values)
    if port.dtype != "float32":
        return stored
    zero = view.quantization.zero_point + (128 if stored.dtype == np.uint8 else 0)
    steps = stored.astype(np.float32) - np.float32(zero)
    real: NDArray[np.float32] = steps * np.float32(view.quantization.scale)
    return real


def _stored(
    model: Model,
    found: Mapping[str, NDArray[np.generic]],
    count: int,
    shown: Shown,
) -> Values:
    """The runtime's values of those tensors of the model that the file has."""
    values: dict[int, NDArray[np.int8]] = {}
    for index, tensor in enumerate(model.tensors):
        place, layout = shown.get(tensor.name, (-1, Arrangement.FILE))
        theirs = [found.get(f"{image}/{place}") for image in range(count)]
        known = [v for v in theirs if v is not None and v.size == tensor.size]
        if len(known) < count or not all(v.dtype in (np.int8, np.uint8) for v in known):
            continue
        if layout is Arrangement.NCHW:
            known = [np.moveaxis(v, 3, 1) for v in known]
        values[index] = np.stack([tensor.from_onnx(v) for v in known])
    for op in model.ops:
        if op.view and op.inputs[0] in values:
            target = model.tensors[op.output].shape
            values.setdefault(op.output, values[op.inputs[0]].reshape(-1, *target))
    return values


def _judge(model: Model, theirs: Values) -> tuple[dict[int, int], dict[int, float]]:
    """Each op alone, on the values that TFLite gives it: largest distance, share that differs."""
    worst: dict[int, int] = {}
    differing: dict[int, float] = {}
    for op in model.ops:
        if op.view or not {op.output, *op.inputs} <= set(theirs):
            continue
        distance = _distance(run_op(model, op, [theirs[t] for t in op.inputs]), theirs[op.output])
        worst[op.output] = int(distance.max())
        differing[op.output] = float((distance > 0).mean())
    return worst, differing


def _distance(ours: NDArray[np.int8], theirs: NDArray[np.int8]) -> NDArray[np.int16]:
    """Value by value in LSB, 0 to 255; int16, because a difference of int8 does not fit int8."""
    distance: NDArray[np.int16] = np.abs(ours.astype(np.int16) - theirs.reshape(ours.shape))
    return distance
