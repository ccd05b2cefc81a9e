"""A result against the one of the last accepted run, and against those of other boards.

Pure: results in, verdicts out. What counts as worse is decided here and nowhere else; limits of
time come with the job, all else must not grow by a byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from msfcnn.nightly.history import Result
from msfcnn.nightly.settings import Job

RAM = {
    "arena": "arena",
    "state": "engine state",
    "stack": "stacks",
    "static_rest": "rest of static RAM",
    "stack_used": "stack used",
}
STATES = ("passed", "new", "regressed", "disagrees", "failed", "absent")  # in the order shown
WRONG = ("regressed", "disagrees", "failed")  # not absent: what is not there is not wrong
_VARIES_ON_NATIVE = ("stack_used",)  # signals of the computer's own system come in


@dataclass(frozen=True)
class Verdict:
    """How a job came out.

    state: passed; new (it ran well, and there is nothing to compare with); regressed (worse than
           in the last accepted run); disagrees (other outputs than on most boards); failed (it was
           not built, did not run or is wrong by itself); absent (the board or a tool is missing).
    notes: what is no fault, but explains: the model's file is another one.
    """

    job: str
    state: str
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.state in ("passed", "new")


def judge(job: Job, result: Result, accepted: Result | None) -> Verdict:
    """The verdict on a result, alone and against the accepted one; never `disagrees`.

    accepted: None where no accepted run has this job. An accepted result that did not pass (a run
    accepted by hand) has no figures to compare with, so the job is new again.
    """
    notes = tuple(_changes(result, accepted))
    if result["state"] != "passed":
        return Verdict(job.key, str(result["state"]), (str(result["reason"]),), notes)
    if accepted is None or accepted["state"] != "passed":
        return Verdict(job.key, "new", notes=notes)
    found = tuple(_regressions(job, result, accepted))
    return Verdict(job.key, "regressed" if found else "passed", found, notes)


def disagreements(results: Mapping[str, Result]) -> dict[str, str]:
    """Jobs whose outputs are not those that most boards compute for the model, and how.

    Where two kinds of outputs are equally frequent, those of the earlier job are taken for right.
    Returns a sentence by the key of each job that differs. Jobs that did not pass have no say.
    """
    models: dict[str, dict[str, Result]] = {}
    for key, result in results.items():
        if result["state"] == "passed":
            models.setdefault(result["model"], {})[key] = result
    found = {}
    for same in models.values():
        count = Counter(tuple(result["outputs"]) for result in same.values())
        usual, _ = count.most_common(1)[0]
        boards = [r["board"] for r in same.values() if tuple(r["outputs"]) == usual]
        for key, result in same.items():
            if tuple(result["outputs"]) != usual:
                found[key] = f"outputs differ from those on {', '.join(boards)}"
    return found


def _changes(result: Result, accepted: Result | None) -> Iterator[str]:
    """What differs and explains a verdict without being a fault; results of old have no hash."""
    was, now = (accepted or {}).get("sha256"), result.get("sha256")
    if was and now and was != now:
        yield f"the model's file has changed since the accepted run ({was[:8]} to {now[:8]})"


def _regressions(job: Job, result: Result, accepted: Result) -> Iterator[str]:
    """What is worse than in the last accepted run: other outputs, more RAM or flash, more time."""
    if result["outputs"] != accepted["outputs"]:
        # a CRC an output: the first that differs is named, for the others often follow from it
        pairs = zip(accepted["outputs"], result["outputs"], strict=False)
        index = next((i for i, (was, now) in enumerate(pairs) if was != now), None)
        if index is None:
            count = f"{len(accepted['outputs'])} to {len(result['outputs'])}"
            yield f"outputs changed in number: {count}"
        else:
            was, now = accepted["outputs"][index], result["outputs"][index]
            yield f"outputs changed: CRC of the first that differs {was} to {now}"
    for key, name in RAM.items():
        old, new = accepted["ram"].get(key), result["ram"].get(key)
        if old is None or new is None or new <= old:
            continue
        if not (job.board.runner == "native" and key in _VARIES_ON_NATIVE):
            yield f"{name} grew by {new - old} bytes: {old} to {new}"
    # None where no time was measured; of 0, less than the clock's step, there is no share
    before, now = accepted.get("time_us"), result.get("time_us")
    if before and now and now > before * (1 + job.slower):
        share = f"{percent(now / before - 1)} slower, limit {percent(job.slower)}"
        yield f"{share}: {before:,.0f} to {now:,.0f} us"
    right, is_right = accepted.get("accuracy"), result.get("accuracy")
    if right is not None and is_right is not None and is_right < right:
        yield f"accuracy fell from {100 * right:.2f} % to {100 * is_right:.2f} %"


def percent(share: float) -> str:
    """A share as people read it: whole percents, a decimal where there are few, never 1e+02."""
    number = round(100 * share, 6)
    if number == round(number) or number >= 10:
        return f"{number:,.0f} %"
    return f"{number:.1f} %" if number >= 0.1 else "less than 0.1 %"
