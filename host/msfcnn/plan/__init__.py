"""Plans: a path through the fusion graph, chosen for a bound."""

from msfcnn.plan.goal import Goal
from msfcnn.plan.infeasible import NoPlanError
from msfcnn.plan.layer_by_layer import plan_layer_by_layer
from msfcnn.plan.paths import Path
from msfcnn.plan.planner import pareto, plan
from msfcnn.plan.types import Plan, PlannedStage

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
