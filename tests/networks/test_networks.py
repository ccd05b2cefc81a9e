"""Networks of many kinds from float to a plan; small files stand here, torch makes all."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from outcomes import LACKING, REFUSED, samples

import msfcnn
from msfcnn.frontend import load_model
from msfcnn.quantizer import Quantized, Samples, input_shapes, quantize
from msfcnn.reference import execute
from msfcnn.verifier.images import random_images
from msfcnn.verifier.oracle import Oracle

HERE = Path(__file__).parent
SMALL = sorted((HERE / "small").glob("*.onnx"))
LEAST_COSINE, LEAST_OF_DRAWN = 0.99, 0.95  # nobody trained what is drawn, or looked at its sizes
ENDS = ("ArgMax", "LogSoftmax", "ReduceL2")  # may be cut off


def quantized(path: Path) -> Quantized:
    """The int8 form; its float and int8 outputs are close."""
    name = path.name.split(".")[0]
    done = quantize(path, Samples(samples(name, input_shapes(path, {}), 16)))
    least = LEAST_OF_DRAWN if name.startswith("drawn") else LEAST_COSINE
    assert min(output.cosine for output in done.comparison.outputs) > least
    return done


def check_refused(path: Path, kind: str) -> None:
    with pytest.raises(msfcnn.ModelError) as caught:
        quantized(path)
    assert kind in {problem.kind for problem in caught.value.problems}
    assert all(problem.hint for problem in caught.value.problems)


def imported(path: Path, target: Path) -> Path | None:
    """The int8 file if msfcnn runs it; None if it lacks only operators that it is known to lack."""
    done = quantized(path)
    named = {problem.kind for problem in done.unsupported}
    assert named <= LACKING.get(path.name.split(".")[0], frozenset())
    if named:
        return None
    assert all(any(w in note for w in ENDS) for note in done.notes if note.startswith("cut off"))
    target.write_bytes(done.model.SerializeToString())
    return target


def test_there_are_small_files_of_both_exporters() -> None:
    assert len(SMALL) >= 30
    assert {path.suffixes[0] for path in SMALL} == {".dynamo", ".torchscript"}


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.name.removesuffix(".onnx"))
def test_small_file(path: Path, tmp_path: Path) -> None:
    name = path.name.split(".")[0]
    if name in REFUSED:
        check_refused(path, REFUSED[name])
        return
    int8 = imported(path, tmp_path / "int8.onnx")
    if int8 is None:
        return
    model = load_model(int8)
    assert msfcnn.plan(model).peak_ram > 0
    images = random_images(model, 2)
    values = execute(model, images)
    oracle = Oracle(int8, model)
    for index in range(len(images)):
        for tensor, theirs in oracle.judge([v[index] for v in values]).items():
            distance = np.abs(theirs.astype(np.int16) - values[tensor][index])
            assert distance.max() <= 1, model.tensors[tensor].name


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All networks by both exporters, made by a Python that has torch, or made before."""
    if made := os.environ.get("MSFCNN_TORCH_EXPORTS"):
        return Path(made)
    given = os.environ.get("MSFCNN_TORCH_PYTHON")
    python = given or (sys.executable if find_spec("torch") and find_spec("onnxscript") else None)
    if python is None:
        pytest.skip("torch and onnxscript not found: set MSFCNN_TORCH_PYTHON to a Python with both")
    directory = tmp_path_factory.mktemp("networks")
    command = [python, str(HERE / "registry.py"), str(directory)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return directory


@pytest.mark.long
def test_all_networks_by_both_exporters(exports: Path, tmp_path: Path) -> None:
    """Float to verified C code; prints what became of each where it fails."""
    failures = []
    files = sorted(exports.glob("*.onnx"))
    assert len(files) >= 260
    for path in files:
        name = path.name.split(".")[0]
        try:
            if name in REFUSED:
                check_refused(path, REFUSED[name])
                continue
            int8 = imported(path, tmp_path / "int8.onnx")
            if int8 is not None and msfcnn.verify(int8).first_mismatch is not None:
                failures.append(f"{path.name}: code, reference and onnxruntime do not agree")
        except (AssertionError, pytest.fail.Exception, msfcnn.MsfcnnError) as error:
            failures.append(f"{path.name}: {str(error).splitlines()[0]}")
    assert failures == []
