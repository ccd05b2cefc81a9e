"""The history of all jobs as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from msfcnn.nightly.campaign import Report
from msfcnn.nightly.compare import Verdict
from msfcnn.nightly.history import History, Result, Run
from msfcnn.nightly.plot import Point, plot

RUNS = 60  # as many as a plot shows
_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #66707b; --line: #d8dee4; --page: #fff;
  --good: #1a7f37; --bad: #cf222e; --note: #9a6700; --plot: #0969da; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #8b949e; --line: #30363d;
  --page: #0d1117; --good: #3fb950; --bad: #f85149; --note: #d29922; --plot: #58a6ff; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .4rem; }
p { margin: .3rem 0; } .dim { color: var(--dim); }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 500; color: var(--dim); }
th, td { padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line);
  vertical-align: middle; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.passed, .new { color: var(--good); } .failed, .regressed { color: var(--bad); }
.absent { color: var(--note); } .state { font-weight: 600; }
.why td { border-bottom: 1px solid var(--line); padding-top: 0; }
.quiet td { border-bottom: 0; }
svg { display: block; } svg path { fill: none; stroke: var(--plot); stroke-width: 1.5; }
svg circle { fill: var(--plot); } svg circle.refused { fill: var(--bad); }
svg circle.accepted { stroke: var(--good); stroke-width: 2; fill: var(--page); }
svg text { fill: var(--dim); font-size: 10px; }
"""

_TITLES = ("board", "", "arena", "RAM", "flash", "F", "time")


def html_page(report: Report, history: History) -> str:
    """The page: the verdicts of the run by model, each with its past."""
    models = dict.fromkeys(verdict.job.partition("/")[0] for verdict in report.verdicts)
    body = "".join(_model(name, report, history) for name in models)
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width">'
        f"<title>msfcnn nightly {escape(report.run.name)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>msfcnn nightly</h1>{_summary(report)}{body}</body></html>\n"
    )


def _summary(report: Report) -> str:
    states = [verdict.state for verdict in report.verdicts]
    counts = ", ".join(
        f'<span class="{state}">{states.count(state)} {state}</span>'
        for state in ("passed", "new", "regressed", "failed", "absent")
        if state in states
    )
    accepted = "accepted" if report.run.accepted else "not accepted"
    return (
        f"<p>{escape(report.run.name)}: {counts}; {accepted}</p>"
        "<p class=dim>RAM may not grow by a byte, outputs may not change, time may grow by a set "
        "share, all against the last accepted run. In the plots, rings are runs that were "
        "accepted, red dots runs that were not.</p>"
    )


def _model(name: str, report: Report, history: History) -> str:
    rows = "".join(
        _rows(verdict, report.run.results[verdict.job], history)
        for verdict in report.verdicts
        if verdict.job.partition("/")[0] == name
    )
    plots = "<th>RAM, last runs</th><th>time, last runs</th>"
    heads = "".join(f"<th{' class=n' if i > 1 else ''}>{t}</th>" for i, t in enumerate(_TITLES))
    return f"<h2>{escape(name)}</h2><table><tr>{heads}{plots}</tr>{rows}</table>"


def _rows(verdict: Verdict, result: Result, history: History) -> str:
    board = escape(verdict.job.partition("/")[2])
    ram = result.get("ram") or {}
    time = result.get("time_us")
    numbers = (
        _bytes(ram.get("arena")),
        _bytes(result.get("ram_total")),
        _bytes(result.get("flash")),
        "" if "recompute_factor" not in result else f"{result['recompute_factor']:.3f}",
        "" if time is None else f"{time / 1000:,.2f} ms",
    )
    cells = "".join(f"<td class=n>{text}</td>" for text in numbers)
    cells += f"<td>{_past(verdict.job, history, _ram_of, 'bytes')}</td>"
    cells += f"<td>{_past(verdict.job, history, _time_of, 'ms')}</td>"
    state = f'<td class="state {verdict.state}">{verdict.state}</td>'
    quiet = " class=quiet" if verdict.reasons else ""
    row = f"<tr{quiet}><td>{board}</td>{state}{cells}</tr>"
    if verdict.reasons:
        why = "; ".join(verdict.reasons)
        row += f"<tr class=why><td></td><td colspan=8 class={verdict.state}>{escape(why)}</td></tr>"
    return row


def _past(job: str, history: History, value: Callable[[Result], Any], unit: str) -> str:
    runs: Sequence[Run] = list(history.runs.values())[-RUNS:]
    points = []
    for run in runs:
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


def _bytes(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
