"""Plans: a path through the fusion graph, chosen for a bound."""

from msfcnn.planner.choose import pareto, plan
from msfcnn.planner.goal import Goal
from msfcnn.planner.infeasible import NoPlanError
from msfcnn.planner.layer_by_layer import plan_layer_by_layer
from msfcnn.planner.paths import Path
from msfcnn.planner.types import Plan, PlannedStage

__all__ = [
    "Goal",
    "NoPlanError",
    "Path",
    "Plan",
    "PlannedStage",
    "pareto",
    "plan",
    "plan_layer_by_layer",
]
