from .code import CodeReport, RunReport, code_report
from .data import from_data, to_data
from .dataset import Answers, DatasetReport
from .fronts import FrontPoint, Fronts, fronts_report
from .health import BoardHealth, Health, Need
from .imports import DEFECT, FAR, REFUSED, RUNS, ImportVerdict
from .layers import (
    DeadChannels,
    Interface,
    LayerReport,
    ModelReport,
    PortReport,
    model_report,
)
from .plan import (
    Estimate,
    ParetoReport,
    PlanReport,
    TradeOff,
    pareto_report,
    plan_report,
)
from .quantization import Comparison, LayerError, OutputError, QuantizationReport
from .stages import StageReport, stage_nodes
from .steps import Lines, MovingStage, moving_stage
from .timeline import Moment, Timeline, timeline_of
from .verification import TOLERANCE, OpCheck, TfliteCheck, Verification

__all__ = [
    "DEFECT",
    "FAR",
    "REFUSED",
    "RUNS",
    "TOLERANCE",
    "Answers",
    "BoardHealth",
    "CodeReport",
    "Comparison",
    "DatasetReport",
    "DeadChannels",
    "Estimate",
    "FrontPoint",
    "Fronts",
    "Health",
    "ImportVerdict",
    "Interface",
    "LayerError",
    "LayerReport",
    "Lines",
    "ModelReport",
    "Moment",
    "MovingStage",
    "Need",
    "OpCheck",
    "OutputError",
    "ParetoReport",
    "PlanReport",
    "PortReport",
    "QuantizationReport",
    "RunReport",
    "StageReport",
    "TfliteCheck",
    "Timeline",
    "TradeOff",
    "Verification",
    "code_report",
    "from_data",
    "fronts_report",
    "model_report",
    "moving_stage",
    "pareto_report",
    "plan_report",
    "stage_nodes",
    "timeline_of",
    "to_data",
]
