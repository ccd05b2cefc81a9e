"""A program for a board as plain figures: what it occupies and what its plan costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msfcnn.firmware import Built, Tally
from msfcnn.report import CodeReport


@dataclass(frozen=True, kw_only=True)
class ProgramReport:
    """A program that was built.

    program: its file. tally: what it occupies; None where its file could not be read.
    """

    board: str
    model: str
    application: str
    program: str
    planned: CodeReport
    tally: Tally | None


@dataclass(frozen=True, kw_only=True)
class FailedProgram:
    """A program that could not be built or run; `error`: what --json prints for it."""

    board: str
    error: Mapping[str, Any]


def program_report(built: Built) -> ProgramReport:
    """What was built."""
    return ProgramReport(
        board=built.request.board.name,
        model=built.request.name,
        application=built.request.application,
        program=str(built.program),
        planned=built.planned,
        tally=built.tally,
    )
