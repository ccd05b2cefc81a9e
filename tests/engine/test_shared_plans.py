"""Predicted = laid out = used: the plans of real networks for many bounds, under sanitizers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from plan_programs import PlanRun, check_bytes, describe, run_plans
from shared_networks import LARGE, SMALL, load_network

from msfcnn.fusion import Network, network
from msfcnn.ir import InputMode
from msfcnn.layout import layout
from msfcnn.pipeline import folded
from msfcnn.planner import Goal, Plan, pareto, plan
from msfcnn.planner.space import space_of
from msfcnn.reference import execute
from msfcnn.schedule import schedule

QUICK = ("kws_dscnn",)
FACTORS = {
    InputMode.IMAGE: (1.0, 1.05, 1.1, 1.2, 1.3, 1.5, float("inf")),
    InputMode.PUSH: (1.0, 1.3),
    InputMode.PULL: (1.0, 1.3),
}
ALIGN = 4  # what is rounded up to this may stay untouched


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=() if n in QUICK else pytest.mark.long) for n in SMALL + LARGE],
)
def test_predicted_is_laid_out_is_used(
    name: str, shared_models: Path, tmp_path: Path, engine: Path
) -> None:
    shared = load_network(shared_models, name)
    model, _ = folded(shared.model)
    plans = [p for mode in FACTORS for p in plans_of(network(model, mode))]
    assert len(plans) > 8
    # different bounds often have the same plan
    unstretched = [schedule(p, stretch=False) for p in plans]
    schedules = list({describe(s): s for s in unstretched}.values())
    images = shared.images(2)
    expected = execute(model, images)
    for run in run_plans(model, schedules, images, tmp_path, engine):
        check_bytes(model, run, expected)
        assert run.schedule.peak_ram == run.peak == run.announced == run.end, describe(run.schedule)
        assert unexplained(run) == [], describe(run.schedule)


def plans_of(graph: Network) -> Iterator[Plan]:
    """For bounds on the MACs and on the RAM; each as small, or as cheap, as the front says."""
    space = space_of(graph, Goal())
    front = pareto(graph, Goal(), space)
    for factor in FACTORS[graph.mode]:
        found = plan(graph, Goal(max_macs=factor), space)
        assert peak(found) == min(p.ram for p in front if p.macs <= factor * graph.macs + 1e-6)
        yield found
    least, most = front[-1].ram, front[0].ram
    for limit in (least, (2 * least + most) // 3, (least + most) // 2):
        found = plan(graph, Goal(max_ram=limit, max_macs=float("inf")), space)
        assert peak(found) <= limit
        assert macs(found) == min(p.macs for p in front if p.ram <= limit)
        yield found
    fastest = plan(graph, Goal(max_ram=most), space)
    assert peak(fastest) <= most
    yield fastest


def peak(found: Plan) -> int:
    """What is predicted; stretching the stages must not change it."""
    predicted = schedule(found, stretch=False).peak_ram
    stretched = schedule(found)
    assert predicted == stretched.peak_ram == layout(stretched).peak_ram
    return predicted


def macs(found: Plan) -> int:
    return schedule(found).macs


def unexplained(run: PlanRun) -> list[tuple[int, int]]:
    """Bytes that were never written though nothing says why.

    Expected are the rounding of scratch, and saved pixels: a run that the end of a line cuts
    short saves less than there is room for.
    """
    places = layout(run.schedule).stages
    saved: set[int] = set()
    for stage, where in zip(run.schedule.stages, places, strict=True):
        for i, window in stage.cost.windows.items():
            end = where.windows[i] + window.size
            saved |= set(range(end - window.save * window.channels, end))
    left = [(a, b) for a, b in run.untouched if not saved.issuperset(range(a, b))]
    return [(a, b) for a, b in left if b - a >= ALIGN]
