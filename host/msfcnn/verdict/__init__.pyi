from .boards import Asked, boards_report, fronts_on
from .judge import BoardsReport, BoardVerdict, Latency, Memory, PlanView
from .program import FailedProgram, ProgramReport, program_report

__all__ = [
    "Asked",
    "BoardVerdict",
    "BoardsReport",
    "FailedProgram",
    "Latency",
    "Memory",
    "PlanView",
    "ProgramReport",
    "boards_report",
    "fronts_on",
    "program_report",
]
