"""Plans: a path through the fusion graph, chosen for a bound."""

from msfcnn.plan.layer_by_layer import plan_layer_by_layer
from msfcnn.plan.paths import Path
from msfcnn.plan.planner import Goal, pareto, plan
from msfcnn.plan.types import Plan, PlannedStage

__all__ = ["Goal", "Path", "Plan", "PlannedStage", "pareto", "plan", "plan_layer_by_layer"]
