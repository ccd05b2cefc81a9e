"""Networks of the zoo, small: layer by layer and streamed the same bytes, in exactly the arena."""

from __future__ import annotations

from pathlib import Path

import pytest
from plan_programs import check_bytes, describe, run_plans
from test_zoo import SMALL, build

from msfcnn import zoo
from msfcnn.fusion import network
from msfcnn.pipeline import folded
from msfcnn.planner import Goal, plan, plan_layer_by_layer
from msfcnn.reference import execute
from msfcnn.schedule import schedule
from msfcnn.verifier import random_images


@pytest.mark.long
@pytest.mark.parametrize("full", [False, True], ids=["small", "full"])
@pytest.mark.parametrize("name", zoo.NAMES)
def test_streamed_is_layer_by_layer(name: str, full: bool, tmp_path: Path, engine: Path) -> None:
    model, _ = folded(build(tmp_path, name, **({} if full else SMALL.get(name, {}))))
    graph = network(model)
    whole = schedule(plan_layer_by_layer(graph))
    once = schedule(plan(graph, Goal(max_macs=1.0)))
    least = schedule(plan(graph, Goal(max_macs=float("inf"))))
    assert least.peak_ram <= once.peak_ram < whole.peak_ram
    images = random_images(model, 2)
    expected = execute(model, images)
    for run in run_plans(model, [whole, once, least], images, tmp_path, engine):
        check_bytes(model, run, expected)
        assert run.schedule.peak_ram == run.peak == run.announced, describe(run.schedule)
