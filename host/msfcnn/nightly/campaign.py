"""A nightly run from begin to end: which jobs are still to do, and what came out.

Every result is in the history before the next job of its place begins, so that a run can be killed
at any time and goes on with the next call. `nightly.job` runs a job, `nightly.compare` judges it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import msfcnn
from msfcnn.errors import SUCCESS, BoardError, MismatchError, Problem, UsageError
from msfcnn.files import write_atomically
from msfcnn.firmware import run_bounded, run_parallel
from msfcnn.nightly.compare import Verdict, disagreements, judge
from msfcnn.nightly.history import History, NightlyRun
from msfcnn.nightly.job import run_job
from msfcnn.nightly.settings import Job, NightlyModel, Settings
from msfcnn.resources import ROOT

_GIT_SECONDS = 20.0
_SOURCES = ("*.py", "*.c", "*.h", "*.S", "Makefile*", "*.mk")  # what a fingerprint reads

RunJob = Callable[[Job, Path, Path], Mapping[str, Any]]  # job, model file, directory of programs
Tell = Callable[[str, Verdict | None], None]  # key of a job, its verdict once it has ended


@dataclass(frozen=True)
class Report:
    """What came out. `resumed`: jobs that an interrupted run had done already."""

    run: NightlyRun
    verdicts: tuple[Verdict, ...]
    resumed: int
    skip_absent: bool

    @property
    def exit_code(self) -> int:
        """0: all good; 4: something regressed or disagrees; 5: a board or a build failed."""
        states = {verdict.state for verdict in self.verdicts}
        if states & {"regressed", "disagrees"}:
            return MismatchError.exit_code
        bad = {"failed"} if self.skip_absent else {"failed", "absent"}
        return BoardError.exit_code if states & bad else SUCCESS


def run_all(
    settings: Settings,
    fresh: bool = False,
    execute: RunJob = run_job,
    tell: Tell | None = None,
) -> Report:
    """Do what is left to do of all jobs, compare, and write everything down as it comes.

    Jobs of different places run at the same time.
    fresh: begin a run anew although one was interrupted. execute: another way to run a job, for
    tests; it must raise nothing.
    tell: called before a job (without a verdict) and after it, from more than one thread.
    """
    history = History(settings.keep)
    models = {job.model.name: _model_file(job.model, settings.keep) for job in settings.jobs}
    print_of = fingerprint(settings, models.values())
    run = history.last()
    # an interrupted run goes on only if its results are those that the missing jobs would be
    # compared with: same sources, same models, same settings
    if fresh or run is None or run.ended or run.fingerprint != print_of:
        name = _new_name(history)
        history.add("begin", name, fingerprint=print_of, commit=commit_of(ROOT))
        run = history.runs[name]
    resumed = len(run.results)
    places: dict[str, list[Job]] = {}
    for job in settings.jobs:
        if job.key not in run.results:
            places.setdefault(job.place, []).append(job)
    begun = run.name

    def work(jobs: Sequence[Job]) -> None:
        for job in jobs:
            if tell:
                tell(job.key, None)
            model, began = models[job.model.name], _now()
            result = execute(job, model, settings.keep.absolute() / "programs")
            facts = {"place": job.place, "began": began, "ended": _now(), "sha256": _sha256(model)}
            history.add("result", begun, job=job.key, **facts, **result)
            if tell:
                tell(job.key, judge(job, result, history.accepted(job.key, begun)))

    run_parallel(tuple(places.values()), work, max(1, len(places)))
    report = Report(run, _verdicts(settings, history, run), resumed, settings.skip_absent)
    states = {verdict.job: verdict.state for verdict in report.verdicts}
    history.add("end", run.name, accepted=report.exit_code == SUCCESS, states=states)
    return report


def accept(keep: Path) -> NightlyRun:
    """Make the last run the one that later ones are compared with.

    keep: the directory of the history. Raises UsageError if there is no run, or it has not ended.
    """
    history = History(keep)
    run = history.last()
    if run is None or not run.ended:
        what = "the last run is not complete" if run else "there is no run to accept"
        raise UsageError(Problem(str(keep), what, "run msfcnn nightly first"))
    history.add("accept", run.name, accepted=True)
    return run


def fingerprint(settings: Settings, models: Iterable[Path]) -> str:
    """Of all that decides about results: an interrupted run goes on only if it is the same.

    SHA-256 of the settings, the model files and the sources of host, engine and applications, in a
    fixed order. Compilers, emulators and RIOT are not in it; they seldom change within a night.
    """
    digest = hashlib.sha256(settings.source.read_bytes())
    trees = [Path(msfcnn.__file__).parent, ROOT / "riot_pkg", ROOT / "apps"]
    files = {path for tree in trees for kind in _SOURCES for path in tree.rglob(kind)}
    for path in [*sorted(p for p in files if "bin" not in p.parts), *models]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _verdicts(settings: Settings, history: History, run: NightlyRun) -> tuple[Verdict, ...]:
    """Compares each job with its last accepted result, and with the other boards' outputs."""
    differ = disagreements({job.key: run.results[job.key] for job in settings.jobs})
    found = []
    for job in settings.jobs:
        result = run.results[job.key]
        verdict = judge(job, result, history.accepted(job.key, run.name))
        if job.key in differ:
            state = "regressed" if verdict.state == "regressed" else "disagrees"
            reasons = (*verdict.reasons, differ[job.key])
            verdict = replace(verdict, state=state, reasons=reasons)
        found.append(verdict)
    return tuple(found)


def _model_file(model: NightlyModel, keep: Path) -> Path:
    """The ONNX file; networks of the zoo are built beside the history."""
    if model.file is not None:
        return model.file
    from msfcnn import zoo

    path = keep / "models" / f"{model.name}.onnx"
    path.parent.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = dict(model.zoo_options)
    write_atomically(path, zoo.build(str(model.zoo), **options).SerializeToString())
    return path


def commit_of(directory: Path) -> str:
    """The short hash of its commit, with a + if files differ from it; empty without git.

    Files that git does not know make no difference (`-uno`): builds leave many.
    """
    git = ["git", "-C", str(directory)]
    try:
        done = run_bounded([*git, "rev-parse", "--short", "HEAD"], _GIT_SECONDS)
        changed = run_bounded([*git, "status", "--porcelain", "-uno"], _GIT_SECONDS)
    except OSError:
        return ""
    if done.code or not done.output.strip():
        return ""
    return done.output.strip() + ("+" if changed.output.strip() else "")


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _new_name(history: History) -> str:
    """The time, and a number behind it where a second has seen more than one run."""
    now = _now()
    last = history.last()
    if last is None or last.name < now:
        return now
    base, _, number = last.name.partition("+")
    return f"{base}+{int(number or 0) + 1:03}"
