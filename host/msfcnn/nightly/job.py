"""Runs one job in a process of its own, so that nothing that hangs or breaks stops the rest.

The process is `msfcnn test --json`, the command that people use: a night never takes another way
through the code than they do. What it prints is reduced here to a result of the history.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msfcnn.firmware import Finished, run_bounded
from msfcnn.nightly.settings import Job

_MARGIN = 60.0  # seconds for planning and for the verdict, beside the board's own timeouts
_SHOWN = 300  # characters of a defect's last words


def command(job: Job, model: Path, root: Path) -> Sequence[str]:
    """`msfcnn test` for a job; programs are built below `root`, a directory for each.

    `-m msfcnn` with this interpreter, because a checkout need not have `msfcnn` on the path.
    """
    words = ["test", str(model), "--board", job.board.name, "--root", str(root), "--json"]
    words += ["--input", job.model.input]
    if job.model.ram is not None:
        words += ["--max-ram", str(job.model.ram)]
    if job.model.macs is not None:
        words += ["--max-macs", str(job.model.macs)]
    return [sys.executable, "-m", "msfcnn", *words]


def run_job(job: Job, model: Path, root: Path) -> Mapping[str, Any]:
    """The result of a job as plain data; what goes wrong is in it, nothing is raised.

    Keys: those of `as_result`, and `accuracy` (0 to 1) for a model with a data set on the board
    host. The accuracy is asked of that board only: all boards compute the same bytes, or the job
    disagrees, and classifying a data set on a board takes hours.
    """
    timeout = job.board.timeout
    seconds = timeout.build + timeout.flash + timeout.run + _MARGIN
    if job.board.remote is not None:
        seconds += timeout.place
    result = as_result(job, run_bounded(command(job, model, root), seconds), seconds)
    if job.model.dataset is None or job.board.runner != "host" or result["state"] != "passed":
        return result
    words = [str(model), "--dataset", str(job.model.dataset), "--json"]
    done = run_bounded([sys.executable, "-m", "msfcnn", "verify", *words], seconds)
    return {**result, **_accuracy(done, seconds)}


def _accuracy(done: Finished, limit: float) -> Mapping[str, Any]:
    """The share of the data set that the C code classifies right, or why that is not known."""
    data = _object(done.output)
    ways = (data or {}).get("dataset", {}).get("ways", ())
    shares = [way["accuracy"] for way in ways if way["name"] == "C"]
    if done.code == 0 and shares and shares[0] is not None:
        return {"accuracy": shares[0]}
    how = f"did not end within {limit:g} s" if done.code is None else f"exit code {done.code}"
    problems = (data or {}).get("error", {}).get("problems", ())
    what = "; ".join(f"{p['where']}: {p['what']}" for p in problems) or "no images with classes"
    return {"state": "failed", "reason": f"dataset: msfcnn verify: {how}: {what}"}


def as_result(job: Job, done: Finished, limit: float) -> Mapping[str, Any]:
    """What `msfcnn test --json` has printed, as a result.

    Always there: model, board, seconds (of the whole job) and state. A job that did not pass has a
    reason; one that ran, well or not, the figures of `_measured`. `limit`: seconds it was given.
    """
    base = {"model": job.model.name, "board": job.board.name, "seconds": round(done.seconds, 1)}
    if done.code is None:
        return {**base, "state": "failed", "reason": f"did not end within {limit:g} s"}
    data = _object(done.output)
    if data is None:
        last = done.output.strip()[-_SHOWN:] or "nothing"
        what = f"msfcnn test broke off with exit code {done.code}: {last}"
        return {**base, "state": "failed", "reason": what}
    if "error" in data:
        error = data["error"]
        texts = (f"{p['where']}: {p['what']}" for p in error["problems"])
        reason = "; ".join(text.removeprefix(f"{job.board.name}: ") for text in texts)
        hint = next((p["hint"] for p in error["problems"] if p["hint"]), "")
        state = "absent" if error["kind"] == "absent" else "failed"
        return {**base, "state": state, "reason": f"{reason} ({hint})" if hint else reason}
    return {**base, **_measured(data["boards"][0])}


def _measured(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What of a trial is kept in the history, with what it was planned to need.

    RAM and flash are in bytes, None where the board's program has no such figure; outputs are the
    CRCs that the program has printed, one for each output.
    """
    trial, planned, size = data["trial"], data["planned"], data["tally"] or {}
    wrong = [f"{c['name']}: {c['what']}" for c in trial["checks"] if not c["holds"]]
    ram = {key: size.get(key) for key in ("state", "stack", "static_rest")}
    return {
        "state": "failed" if wrong else "passed",
        "reason": "; ".join(wrong),
        "outputs": trial["outputs"],
        "ram": {"arena": planned["peak_ram"], **ram, "stack_used": trial["stack_used"]},
        "ram_total": size.get("ram"),
        "flash": size.get("flash"),
        "macs": planned["macs"],
        "recompute_factor": planned["recompute_factor"],
        "time_us": trial["median_us"],
    }


def _object(text: str) -> Mapping[str, Any] | None:
    """The JSON object that a command has printed, whatever stands before it."""
    begin = text.find("{\n")
    if begin < 0:
        return None
    try:
        data, _ = json.JSONDecoder().raw_decode(text[begin:])
    except ValueError:
        return None
    return data if isinstance(data, dict) else None
