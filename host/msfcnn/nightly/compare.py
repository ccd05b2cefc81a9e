"""A result against the one of the last accepted run."""

from __future__ import annotations

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
STATES = ("passed", "new", "regressed", "failed", "absent")
_VARIES_ON_NATIVE = ("stack_used",)  # signals of the computer's own system come in


@dataclass(frozen=True)
class Verdict:
    """How a job came out.

    state: passed, new (passed, and nothing to compare with), regressed, failed, absent.
    """

    job: str
    state: str
    reasons: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.state in ("passed", "new")


def judge(job: Job, result: Result, accepted: Result | None) -> Verdict:
    """The verdict on a result, alone and against the accepted one."""
    if result["state"] != "passed":
        return Verdict(job.key, str(result["state"]), (str(result["reason"]),))
    if accepted is None or accepted["state"] != "passed":
        return Verdict(job.key, "new")
    found = tuple(_regressions(job, result, accepted))
    return Verdict(job.key, "regressed" if found else "passed", found)


def disagreements(results: Mapping[str, Result]) -> dict[str, str]:
    """Jobs whose outputs differ from those of the same model on the first board, and how."""
    first: dict[str, Result] = {}
    found = {}
    for key, result in results.items():
        if result["state"] != "passed":
            continue
        other = first.setdefault(result["model"], result)
        if other["outputs"] != result["outputs"]:
            found[key] = f"outputs differ from those on {other['board']}"
    return found


def _regressions(job: Job, result: Result, accepted: Result) -> Iterator[str]:
    """What is worse than in the last accepted run: other outputs, more RAM or flash, more time."""
    if result["outputs"] != accepted["outputs"]:
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
    before, now = accepted.get("time_us"), result.get("time_us")
    if before and now and now > before * (1 + job.slower):
        share = f"{100 * (now / before - 1):.2g} %, {100 * job.slower:g} % are allowed"
        yield f"slower by {share}: {before:.0f} to {now:.0f} us"
