"""The compiled engine gives the reference's bytes, in exactly the announced arena."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from engine_build import passes
from random_models import random_images, random_model

from msfcnn.graph import EdgeOption, Scheme, fusion_graph
from msfcnn.model import Concat, InputMode, Model, Reshape
from msfcnn.model.liveness import last_readers
from msfcnn.plan import Plan, PlannedStage, plan_layer_by_layer
from msfcnn.reference import execute
from msfcnn.verify.execute import execute_c

QUICK = 12
SEEDS = [
    *range(QUICK),
    *(pytest.param(seed, marks=pytest.mark.long) for seed in range(QUICK, 80)),
]


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The engine's objects, compiled once for all models."""
    return tmp_path_factory.mktemp("engine")


def check(model: Model, plan: Plan, directory: Path, engine: Path, seed: int) -> None:
    """The code of a plan runs cleanly under sanitizers and equals the reference everywhere."""
    generated = passes(model, "net", plan)
    images = random_images(model, 2, seed)
    expected = execute(model, images)
    done = execute_c(generated, "net", images, directory, engine=engine)
    for tensor, values in done.tensors.items():
        np.testing.assert_array_equal(values, expected[tensor], model.tensors[tensor].name)
    for port, values in zip(model.outputs, done.outputs, strict=True):
        np.testing.assert_array_equal(values, expected[port.tensor], port.name)


@pytest.mark.parametrize("mode", InputMode)
@pytest.mark.parametrize("seed", SEEDS)
def test_layer_by_layer(seed: int, mode: InputMode, tmp_path: Path, engine: Path) -> None:
    model = random_model(seed)
    check(model, plan_layer_by_layer(fusion_graph(model), mode), tmp_path, engine, seed)


@pytest.mark.parametrize("mode", InputMode)
@pytest.mark.parametrize("seed", SEEDS)
def test_line_stages(seed: int, mode: InputMode, tmp_path: Path, engine: Path) -> None:
    """The engine sweeps several ops at once over line buffers: only the tables change."""
    model = random_model(seed)
    plan = Plan(tuple(_fused(model)), mode)
    if all(stage.last - stage.first == 1 for stage in plan.stages):
        pytest.skip(f"random model {seed} has no two ops that one stage can hold")
    check(model, plan, tmp_path, engine, seed)


def _fused(model: Model) -> list[PlannedStage]:
    """The longest stages whose inner tensors nobody outside reads."""
    stages, first = [], 0
    while first < len(model.ops):
        last = max(
            end for end in range(first + 1, len(model.ops) + 1) if _one_stage(model, first, end)
        )
        option = EdgeOption(Scheme.LINE, 0, 0, 0)
        stages.append(PlannedStage(first, last, option))
        first = last
    return stages


def _one_stage(model: Model, first: int, end: int) -> bool:
    if end - first == 1:
        return True
    ops = model.ops[first:end]
    if any(isinstance(op, Reshape) for op in ops) or isinstance(ops[-1], Concat):
        return False
    readers = last_readers(model)
    return all(readers[op.output] < end for op in ops[:-1])
