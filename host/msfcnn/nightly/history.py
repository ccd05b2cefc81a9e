"""What nightly runs have found: lines of JSON, only ever added to.

A file of lines and no database, because it outlives versions of msfcnn, is merged and read by other
programs, and because a killed run can spoil its last line at most. Readers of results must expect
that older lines lack keys that newer ones have.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = "history.jsonl"

Result = Mapping[str, Any]  # of one job: what `nightly.job.run_job` returns, with when and where


@dataclass
class NightlyRun:
    """One night. `results`: by job; `accepted`: later runs are compared with it.

    name: the time of its begin (`nightly.times.time_of`); names sort as times do.
    fingerprint: see `nightly.campaign.fingerprint`.
    commit: of the checkout, with a + where it had changes; empty where there is none.
    states: how its jobs came out, once it has ended.
    """

    name: str
    fingerprint: str
    commit: str = ""
    states: Mapping[str, str] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)
    ended: bool = False
    accepted: bool = False


class History:
    """The runs of a directory, oldest first.

    Every line is an event: begin, result, end or accept of a run. A line that an interruption
    has left unfinished is ignored.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE
        self._lock = threading.Lock()
        self.runs: dict[str, NightlyRun] = {}
        for event in _events(self.path):
            self._apply(event)

    def last(self) -> NightlyRun | None:
        """The latest run, ended or not."""
        return next(reversed(self.runs.values()), None)

    def accepted(self, job: str, before: str) -> Result | None:
        """The result of a job in the last accepted run that has one, before a run.

        Not simply that of the last accepted run: a job may be new, or have been left out of it.
        """
        for run in reversed(self.runs.values()):
            if run.name < before and run.accepted and job in run.results:
                return run.results[job]
        return None

    def add(self, event: str, run: str, **data: object) -> None:
        """Write an event down, at once; jobs of several places may do so, each in its thread.

        data: whatever JSON has; NaN and infinity are refused by a ValueError.
        """
        line = {"event": event, "run": run, **data}
        text = json.dumps(line, allow_nan=False) + "\n"
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.exists() and not self.path.read_bytes().endswith(b"\n"):
                text = "\n" + text  # behind what an interruption has left
            with self.path.open("a") as file:
                file.write(text)
            self._apply(line)

    def _apply(self, event: Mapping[str, Any]) -> None:
        """One line of the file: a run begins, a job has its result, a run ends or is accepted."""
        name = event["run"]
        if event["event"] == "begin":
            self.runs[name] = NightlyRun(
                name=name, fingerprint=event["fingerprint"], commit=event.get("commit", "")
            )
        elif name in self.runs and event["event"] == "result":
            self.runs[name].results[event["job"]] = event
        elif name in self.runs:
            run = self.runs[name]
            run.ended = run.ended or event["event"] == "end"
            run.states = event.get("states", run.states)
            run.accepted = run.accepted or bool(event.get("accepted"))


def _events(path: Path) -> Iterator[Mapping[str, Any]]:
    """The lines that can be read: the last one may be cut off where a run was killed."""
    if not path.is_file():
        return
    for line in path.read_text(errors="replace").splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and {"event", "run"} <= event.keys():
            yield event
