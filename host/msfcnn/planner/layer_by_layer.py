"""The plan without fusion: one stage per step."""

from __future__ import annotations

from msfcnn.fusion.chains import chain
from msfcnn.fusion.options import DEFAULT_RUN, Option, Scheme
from msfcnn.fusion.steps import Network
from msfcnn.planner.types import Plan, PlannedStage


def plan_layer_by_layer(network: Network, run: int = DEFAULT_RUN) -> Plan:
    """Every step on its own, in a row sweep."""
    stages = []
    for index, step in enumerate(network.steps):
        alone = chain(network, index, index + 1)
        assert alone is not None, "a single step is always a stage"
        option = Option(Scheme.LAYER, step.target[1], run=run)
        stages.append(PlannedStage(alone, option))
    return Plan(network, tuple(stages))
