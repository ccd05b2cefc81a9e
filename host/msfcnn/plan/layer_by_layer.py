"""The plan without fusion: one stage per op."""

from __future__ import annotations

from msfcnn.graph import FusionGraph, Scheme
from msfcnn.model import InputMode
from msfcnn.plan.types import Plan, PlannedStage


def plan_layer_by_layer(graph: FusionGraph, input_mode: InputMode = InputMode.IMAGE) -> Plan:
    """The path of single-op edges."""
    stages = []
    for edge in graph.edges:
        option = next(o for o in edge.options if o.scheme is Scheme.LAYER)
        stages.append(PlannedStage(edge.first, edge.last, option))
    return Plan(tuple(stages), input_mode)
