"""Each operator and form that an importer knows: as C code, in stages and alone, and emulated.

The tests of the importers compare what they make with onnxruntime. Here the same models run as C
code under sanitizers, on an emulated Cortex-M4 and on RV32, on so many images that a share of
elements means something.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from random_models import random_images
from test_emulated import EMULATED, bench_on, check
from test_frontend_oracle import KEPT_FORMS, Int8
from test_op_samples import check_plans

from msfcnn.errors import MsfcnnError
from msfcnn.frontend import load_model
from msfcnn.ir import Model
from msfcnn.ops import IMPORTERS
from msfcnn.reference import execute
from msfcnn.verifier.oracle import Oracle

pytestmark = pytest.mark.long

HERE = Path(__file__).parent
MOST_MACS = 200_000  # of a form; the shared networks are no forms
ELEMENTS = 3_000  # of a tensor, that are compared at least
MOST_DIFFERENT = 0.005
TIE = 1e-4  # of a step: closer to the middle float32 is no judge
UNREACHABLE = {"Upsample"}  # of opsets that only float files have: it is made a Resize


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The models of the importers' tests."""
    directory = tmp_path_factory.mktemp("forms")
    tests = sorted(str(path) for path in (HERE.parent / "host").glob("test_frontend_*.py"))
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", *tests]
    environment = {**os.environ, KEPT_FORMS: str(directory)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=HERE)
    assert done.returncode == 0, done.stdout[-2000:]
    found = sorted(directory.glob("*.onnx"))
    return [path for path in found if load_model(path).macs <= MOST_MACS]


def test_there_is_a_form_of_every_operator(forms: list[Path]) -> None:
    nodes = [node for path in forms for node in onnx.load(path).graph.node]
    tried = {f"{n.domain}::{n.op_type}" if n.domain else n.op_type for n in nodes}
    assert {importer.kind for importer in IMPORTERS} - tried == UNREACHABLE


def test_forms_are_within_one_step_of_onnxruntime(forms: list[Path], tmp_path: Path) -> None:
    """Ties left out: there we are exact, and onnxruntime as its float32 happens to round."""
    failures = []
    for path in forms:
        model = load_model(path)
        smallest = min(tensor.size for tensor in model.tensors)
        images = random_images(model, min(500, -(-ELEMENTS // smallest)), seed=5)
        values = execute(model, images)
        below, theirs, above = (
            judged(shifted(path, steps, tmp_path), model, values) for steps in (-TIE, 0.0, TIE)
        )
        for tensor, expected in theirs.items():
            ours = values[tensor].astype(np.int16)
            tie = (ours == below[tensor]) | (ours == above[tensor])
            distance = np.abs(expected - ours)
            different = np.count_nonzero((distance > 0) & ~tie) / distance.size
            if distance.max() > 1 or different > MOST_DIFFERENT:
                name = model.tensors[tensor].name
                failures.append(f"{path.name} {name}: {distance.max()} LSB, {different:.2%}")
    assert not failures, "\n".join(failures)


def judged(path: Path, model: Model, values: list[Int8]) -> dict[int, NDArray[np.int16]]:
    """What onnxruntime makes of our values in each op: by tensor, of all images."""
    oracle = Oracle(path, model)
    found = [oracle.judge([v[i] for v in values]) for i in range(len(values[0]))]
    return {t: np.stack([f[t] for f in found]).astype(np.int16) for t in found[0]}


def shifted(path: Path, steps: float, directory: Path) -> Path:
    """The model with so many steps of its scale added to every value before it is quantized."""
    model = onnx.load(path)
    constants = {c.name: onnx.numpy_helper.to_array(c) for c in model.graph.initializer}
    nodes = list(model.graph.node)
    del model.graph.node[:]
    for i, node in enumerate(nodes):
        if node.op_type == "QuantizeLinear" and node.input[0] not in constants:
            amount = np.asarray(constants[node.input[1]] * steps, np.float32)
            model.graph.initializer.append(onnx.numpy_helper.from_array(amount, f"shift{i}"))
            add = onnx.helper.make_node("Add", [node.input[0], f"shift{i}"], [f"shifted{i}"])
            model.graph.node.append(add)
            node.input[0] = f"shifted{i}"
        model.graph.node.append(node)
    target = directory / "shifted.onnx"
    onnx.save(model, target)
    return target


def test_forms_in_c(forms: list[Path], tmp_path: Path, engine: Path) -> None:
    failures = []
    for path in forms:
        place = tmp_path / path.stem
        place.mkdir()
        try:
            check_plans(load_model(path), place, engine)
        except Exception as error:
            failures.append(f"{path.name}: {str(error).splitlines()[0]}")
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("machine", EMULATED)
def test_forms_on_emulated_processors(forms: list[Path], machine: str, tmp_path: Path) -> None:
    bench, failures = bench_on(machine, tmp_path), []
    for path in forms:
        try:
            check(bench, load_model(path))
        except MsfcnnError as error:
            failures.append(f"{path.name}: {str(error).splitlines()[0]}")
    assert not failures, "\n".join(failures)
