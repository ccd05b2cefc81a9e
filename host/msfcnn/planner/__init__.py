"""Plans: a path through the fusion graph, chosen for a bound.

`space` prices what plans can be made of, `table` sorts it as numbers, `paths` searches, `choose`
does so for a goal; `timed` and `faster` are for instructions, `infeasible` says why there is no
plan. docs/plan.md explains why the result is optimal. `schedule` takes the plan from here.
"""

from msfcnn.planner.choose import pareto, plan
from msfcnn.planner.goal import Goal
from msfcnn.planner.infeasible import NoPlanError
from msfcnn.planner.layer_by_layer import plan_layer_by_layer
from msfcnn.planner.neighbours import Neighbour, neighbours, timed_around
from msfcnn.planner.paths import Path
from msfcnn.planner.space import Space, space_of
from msfcnn.planner.types import Plan, PlannedStage

__all__ = [
    "Goal",
    "Neighbour",
    "NoPlanError",
    "Path",
    "Plan",
    "PlannedStage",
    "Space",
    "neighbours",
    "pareto",
    "plan",
    "plan_layer_by_layer",
    "space_of",
    "timed_around",
]
