"""The history of all jobs as one self-contained HTML page: what page.html shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msfcnn.nightly.campaign import Report
from msfcnn.nightly.compare import STATES, Verdict
from msfcnn.nightly.history import History, Result
from msfcnn.nightly.plot import Plot, Point, plot

RUNS = 60  # as many as a plot shows
_TEMPLATE = Path(__file__).with_name("page.html")


@dataclass(frozen=True)
class _Row:
    """A job of the run; `numbers` as in the head of the table, `ram` and `time`: its past."""

    board: str
    state: str
    why: str
    numbers: tuple[str, ...]
    ram: Plot | None
    time: Plot | None


def html_page(report: Report, history: History) -> str:
    """The page: the verdicts of the run by model, each with its past."""
    models: dict[str, list[_Row]] = {}
    for verdict in report.verdicts:
        model = verdict.job.partition("/")[0]
        row = _row(verdict, report.run.results[verdict.job], history)
        models.setdefault(model, []).append(row)
    count = Counter(verdict.state for verdict in report.verdicts)
    counts = {state: count[state] for state in STATES if count[state]}
    from jinja2 import Environment  # slow to load, and few need a page

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(run=report.run, counts=counts, models=models)


def _row(verdict: Verdict, result: Result, history: History) -> _Row:
    """The row of a job: figures of today, and their past as plots."""
    ram, time = result.get("ram") or {}, _time_of(result)
    sizes = (ram.get("arena"), result.get("ram_total"), result.get("flash"))
    factor = result.get("recompute_factor")
    return _Row(
        board=verdict.job.partition("/")[2],
        state=verdict.state,
        why="; ".join(verdict.reasons),
        numbers=(
            *("" if size is None else f"{size:,}" for size in sizes),
            "" if factor is None else f"{factor:.3f}",
            "" if time is None else f"{time:,.2f} ms",
        ),
        ram=_past(verdict.job, history, _ram_of, "bytes"),
        time=_past(verdict.job, history, _time_of, "ms"),
    )


def _past(
    job: str, history: History, value: Callable[[Result], float | None], unit: str
) -> Plot | None:
    """A figure over the last runs; a gap where the job did not pass."""
    points = []
    for run in list(history.runs.values())[-RUNS:]:
        result = run.results.get(job)
        number = value(result) if result and result["state"] == "passed" else None
        mark = "accepted" if run.accepted else "refused"
        points.append(Point(run.name, number, mark if result and run.ended else ""))
    return plot(points, unit)


def _ram_of(result: Result) -> float | None:
    total = result.get("ram_total")
    return float(result["ram"]["arena"] if total is None else total)


def _time_of(result: Result) -> float | None:
    time = result.get("time_us")
    return None if time is None else time / 1000
