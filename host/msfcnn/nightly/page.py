"""The history of all jobs as one self-contained HTML page: what page.html shows.

Here figures become text and lists; how they are arranged is in page.html, the coordinates of plots
are from `nightly.plot`, of the lanes from `nightly.times`. Jinja escapes every text, for names of
models and last words of broken programs come from outside.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup, escape

from msfcnn.nightly.campaign import Report
from msfcnn.nightly.compare import STATES, WRONG, Verdict
from msfcnn.nightly.history import History, NightlyRun, Result
from msfcnn.nightly.plot import Plot, Point, plot, text_of
from msfcnn.nightly.times import lanes_of, time_of
from msfcnn.page import BASE_STYLE

RUNS = 60  # as many as a plot shows
LISTED = 14  # as many as the tables list
_TEMPLATE = Path(__file__).with_name("page.html")


@dataclass(frozen=True)
class _Row:
    """A job of the run; `numbers` as in the head of the table, `ram` and `time`: its past.

    numbers: arena, RAM and flash in bytes, recompute factor, time; "" for what is not known.
    """

    board: str
    state: str
    why: str
    numbers: tuple[str, ...]
    ram: Plot | None
    time: Plot | None


@dataclass(frozen=True)
class _Model:
    """A model: its jobs, what is to be said about it, how accurate it was, its last runs."""

    name: str
    notes: tuple[str, ...]
    accuracy: str
    past: Plot | None
    rows: tuple[_Row, ...]
    figures: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class _Night:
    """A line of the list of runs; `changed`: models whose file was another one the run before."""

    when: str
    commit: str
    state: str
    counts: str
    changed: str


def html_page(report: Report, history: History) -> str:
    """The page: the verdicts of the run by model, each with its past.

    Models and jobs are in the order of the settings; plots reach back `RUNS` runs.
    """
    runs = tuple(history.runs.values())[-RUNS:]
    jobs: dict[str, list[Verdict]] = {}
    for verdict in report.verdicts:
        jobs.setdefault(verdict.job.partition("/")[0], []).append(verdict)
    count = Counter(verdict.state for verdict in report.verdicts)
    counts = {state: count[state] for state in STATES if count[state]}
    from jinja2 import Environment  # slow to load, and few need a page

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["code"] = _code
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        style=Markup(BASE_STYLE),
        run=report.run,
        when=_when(report.run),
        counts=counts,
        models=[_model(name, verdicts, report.run, runs) for name, verdicts in jobs.items()],
        lanes=lanes_of(report.run, report.verdicts),
        nights=tuple(_nights(runs))[::-1][:LISTED],
    )


def _model(
    name: str, verdicts: Sequence[Verdict], run: NightlyRun, runs: Sequence[NightlyRun]
) -> _Model:
    """The section of a model. Its accuracy is that of its one job on the board host."""
    results = [run.results[verdict.job] for verdict in verdicts]
    right = next((r["accuracy"] for r in results if r.get("accuracy") is not None), None)
    measured = next((v.job for v, r in zip(verdicts, results, strict=True) if "accuracy" in r), "")
    return _Model(
        name=name,
        notes=tuple(dict.fromkeys(note for verdict in verdicts for note in verdict.notes)),
        accuracy="" if right is None else f"{100 * right:.2f} %",
        past=_past(measured, runs, _accuracy_of, "%") if measured else None,
        rows=tuple(_row(verdict, run.results[verdict.job], runs) for verdict in verdicts),
        figures=tuple(_figures([verdict.job for verdict in verdicts], runs)),
    )


def _row(verdict: Verdict, result: Result, runs: Sequence[NightlyRun]) -> _Row:
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
        ram=_past(verdict.job, runs, _ram_of, "bytes"),
        time=_past(verdict.job, runs, _time_of, "ms"),
    )


def _figures(jobs: Sequence[str], runs: Sequence[NightlyRun]) -> Iterator[tuple[str, ...]]:
    """The last runs of some jobs in words, newest first: what the plots' tooltips say."""
    for run in list(runs)[::-1][:LISTED]:
        for job in jobs:
            if (result := run.results.get(job)) is not None:
                ram = _ram_of(result) if result["state"] == "passed" else None
                time = _time_of(result)
                yield (
                    _when(run),
                    run.commit,
                    job.partition("/")[2],
                    state_in(run, job),
                    "" if ram is None else f"{ram:,.0f}",
                    "" if time is None else f"{time:,.2f} ms",
                )


def _nights(runs: Sequence[NightlyRun]) -> Iterator[_Night]:
    """The list of runs, oldest first, because a changed file shows against the run before."""
    before: dict[str, str] = {}  # hash of each model's file when it last ran
    for run in runs:
        files = {r["model"]: r["sha256"] for r in run.results.values() if r.get("sha256")}
        changed = [name for name, sha in files.items() if before.get(name, sha) != sha]
        before |= files
        count = Counter(state_in(run, job) for job in run.results)
        yield _Night(
            when=_when(run),
            commit=run.commit,
            state="accepted" if run.accepted else "not accepted" if run.ended else "interrupted",
            counts=", ".join(f"{count[state]} {state}" for state in STATES if count[state]),
            changed=", ".join(changed),
        )


def state_in(run: NightlyRun, job: str) -> str:
    """How a job came out in a run; without a verdict, as in older histories, how it ended."""
    return run.states.get(job, str(run.results[job]["state"]))


def _past(
    job: str, runs: Sequence[NightlyRun], value: Callable[[Result], float | None], unit: str
) -> Plot | None:
    """A figure over the last runs; a gap where the job did not pass.

    value: takes the figure out of a result, None where it is not there. None: nothing to plot.
    """
    points = []
    for run in runs:
        result = run.results.get(job)
        if result is None:
            continue
        number = value(result) if result["state"] == "passed" else None
        state = state_in(run, job)
        figure = "" if number is None else f": {text_of(number)} {unit}"
        accepted = ", accepted" if run.accepted else ""
        commit = f", commit {run.commit}" if run.commit else ""
        points.append(
            Point(
                when=time_of(run.name),
                value=number,
                title=f"{_when(run)}{commit}{figure}, {state}{accepted}",
                good=None if state == "absent" else state not in WRONG,
                accepted=run.accepted,
            )
        )
    return plot(points, unit)


def _code(text: str) -> Markup:
    """Text in which `commands` are set as such."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _when(run: NightlyRun) -> str:
    return f"{time_of(run.name):%Y-%m-%d %H:%M} UTC"


def _ram_of(result: Result) -> float | None:
    """Bytes of RAM in all; the arena alone where no program's size is known, as on the host."""
    total = result.get("ram_total")
    return float(result["ram"]["arena"] if total is None else total)


def _time_of(result: Result) -> float | None:
    """Milliseconds of one inference, from the microseconds of the history."""
    time = result.get("time_us")
    return None if time is None else time / 1000


def _accuracy_of(result: Result) -> float | None:
    """Percent of images classified right."""
    right = result.get("accuracy")
    return None if right is None else round(100 * right, 2)
