"""`msfcnn nightly`: models x boards, compared with the last good run.

msfcnn.nightly runs, compares and keeps the history; docs/nightly.md tells how to set it up. The
report is complete whatever regressed; the exit code is that of the worst job.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msfcnn.cli.parser import Outcome, Subparsers, new_verb
from msfcnn.files import write_all
from msfcnn.render import Block, Column, Facts, Table
from msfcnn.sizes import format_size

if TYPE_CHECKING:
    from msfcnn.nightly import Report, Verdict

NAME = "nightly"
DEFAULT_FILE = "nightly.yaml"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "run models on boards, compare with the last good run, report",
        "msfcnn nightly nightly.yaml\nmsfcnn nightly --accept",
        "Exit code 4: something regressed; 5: something did not build or run.",
    )
    parser.add_argument(
        "settings",
        metavar="FILE.yaml",
        type=Path,
        nargs="?",
        default=Path(DEFAULT_FILE),
        help=f"models and boards (default: {DEFAULT_FILE})",
    )
    parser.add_argument(
        "--keep", metavar="DIR", type=Path, help="history and reports (default: as the file says)"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="begin anew, even if the last run was interrupted"
    )
    parser.add_argument(
        "--accept", action="store_true", help="run nothing: compare later runs with the last one"
    )


def run(args: argparse.Namespace) -> Outcome:
    """Run what is to be run, and write history.jsonl, junit.xml and index.html.

    With --accept nothing runs: the last run becomes the one that later ones are compared with.
    """
    from msfcnn.nightly import History, accept, html_page, junit_xml, read_settings, run_all

    settings = read_settings(args.settings, args.keep)
    if args.accept:
        accepted = accept(settings.keep)
        return Outcome({"accepted": accepted.name}, (Facts((("accepted", accepted.name),)),))
    report = run_all(settings, args.fresh, tell=_tell)
    page = html_page(report, History(settings.keep))
    write_all(settings.keep, {"junit.xml": junit_xml(report), "index.html": page})
    return Outcome(_data(report), (_table(report), _facts(report, settings.keep)), report.exit_code)


def _tell(job: str, verdict: Verdict | None) -> None:
    """Progress, where somebody may be waiting for it; several jobs may run at a time."""
    sys.stderr.write(f"{job} {'begins' if verdict is None else verdict.state}\n")
    sys.stderr.flush()


def _data(report: Report) -> Mapping[str, Any]:
    """The run as data: jobs in the order of the settings, each with its result."""
    return {
        "run": report.run.name,
        "commit": report.run.commit,
        "accepted": report.run.accepted,
        "resumed": report.resumed,
        "jobs": [
            {
                "job": verdict.job,
                "state": verdict.state,
                "reasons": list(verdict.reasons),
                "notes": list(verdict.notes),
                "result": report.run.results[verdict.job],
            }
            for verdict in report.verdicts
        ],
    }


def _table(report: Report) -> Block:
    columns = (
        Column("job"),
        Column(""),
        Column("arena", right=True),
        Column("RAM", right=True),
        Column("time", right=True),
        Column("reason", wraps=True),
    )
    return Table(columns, tuple(_row(report, verdict) for verdict in report.verdicts))


def _row(report: Report, verdict: Verdict) -> tuple[str, ...]:
    """A job: bytes of arena and of all RAM, milliseconds, and why it is in the state it is in."""
    result = report.run.results[verdict.job]
    arena, total = (result.get("ram") or {}).get("arena"), result.get("ram_total")
    time = result.get("time_us")
    return (
        verdict.job,
        verdict.state,
        *("-" if size is None else format_size(size) for size in (arena, total)),
        "-" if time is None else f"{time / 1000:.2f} ms",
        "; ".join((*verdict.reasons, *verdict.notes)),
    )


def _facts(report: Report, keep: Path) -> Block:
    """Whether the run was accepted, and where its pages are."""
    pairs = [("run", report.run.name), ("accepted", "yes" if report.run.accepted else "no")]
    if report.resumed:
        pairs.append(("resumed", f"{report.resumed} jobs had been done before an interruption"))
    return Facts((*pairs, ("page", str(keep / "index.html")), ("JUnit", str(keep / "junit.xml"))))
