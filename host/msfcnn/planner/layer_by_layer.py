"""The plan without fusion: one stage per step."""

from __future__ import annotations

from msfcnn.fusion import DEFAULT_RUN, Edge, Network, Option, Scheme
from msfcnn.planner.types import Plan, PlannedStage


def plan_layer_by_layer(network: Network, run: int = DEFAULT_RUN) -> Plan:
    """Every step on its own, in a row sweep: what plans are compared with.

    Where an op allows it, its output still overlaps its input.
    """
    stages = []
    for index, step in enumerate(network.steps):
        option = Option(scheme=Scheme.LAYER, band=step.target[1], run=run)
        stages.append(PlannedStage(Edge(network, index, index + 1), option))
    return Plan(network, tuple(stages))
