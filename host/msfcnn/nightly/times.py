"""When the jobs of a run were at work, place by place: the lanes that page.html draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from msfcnn.nightly.compare import WRONG, Verdict
from msfcnn.nightly.history import NightlyRun


@dataclass(frozen=True)
class Span:
    """A job; begin and width in percent of the run; kind: good, bad or absent."""

    job: str
    title: str
    begin: float
    width: float
    kind: str


@dataclass(frozen=True)
class Lane:
    """A place and its jobs, one after the other; `words`: the same in words."""

    place: str
    spans: tuple[Span, ...]
    words: str


def lanes_of(run: NightlyRun, verdicts: Sequence[Verdict]) -> tuple[Lane, ...]:
    """The places of a run; none for a history that did not write times down.

    Jobs are in the order in which they began. A resumed run has a gap where it was interrupted.
    """
    jobs = [v for v in verdicts if "began" in run.results[v.job]]
    if not jobs:
        return ()
    times = {v.job: _times(run, v.job) for v in jobs}
    first = min(begin for begin, _ in times.values())
    whole = max(1.0, max(end for _, end in times.values()) - first)
    places: dict[str, list[Span]] = {}
    words: dict[str, list[str]] = {}
    for verdict in sorted(jobs, key=lambda v: times[v.job]):
        begin, end = (time - first for time in times[verdict.job])
        place = str(run.results[verdict.job]["place"])
        text = f"{verdict.job}: {begin:.0f} to {end:.0f} s, {verdict.state}"
        span = Span(
            job=verdict.job,
            title=text,
            begin=round(100 * begin / whole, 2),
            # half a percent at least: a job of a second in a night of hours would be invisible
            width=round(100 * max(end - begin, whole / 200) / whole, 2),
            kind="good" if verdict.good else "bad" if verdict.state in WRONG else "absent",
        )
        places.setdefault(place, []).append(span)
        words.setdefault(place, []).append(text)
    return tuple(
        Lane(place=place, spans=tuple(spans), words="; ".join(words[place]))
        for place, spans in places.items()
    )


def time_of(name: str) -> datetime:
    """The time that the name of a run, or a result, says: "2026-11-28T02:00:00Z", "...Z+001"."""
    text = name.partition("+")[0].rstrip("Z")
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def _times(run: NightlyRun, job: str) -> tuple[float, float]:
    result = run.results[job]
    return time_of(result["began"]).timestamp(), time_of(result["ended"]).timestamp()
