"""Plans: a path through the fusion graph, chosen for a bound."""

from msfcnn.plan.layer_by_layer import plan_layer_by_layer
from msfcnn.plan.types import Plan, PlannedStage

__all__ = ["Plan", "PlannedStage", "plan_layer_by_layer"]
