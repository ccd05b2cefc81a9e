"""`msfcnn report`: what `msfcnn run` has measured."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msfcnn.cli.occupancy import board_table, boards_table
from msfcnn.cli.parser import Outcome, Subparsers, new_verb
from msfcnn.errors import Problem, UsageError
from msfcnn.render import Block, Facts
from msfcnn.sizes import format_size

NAME = "report"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "show what `msfcnn build` and `msfcnn run --report` have kept",
        "msfcnn report build/host/digits/report.json",
    )
    parser.add_argument("reports", metavar="FILE.json", type=Path, nargs="+")


def run(args: argparse.Namespace) -> Outcome:
    """Read the reports and show them: one in detail, several with a line each."""
    there = [path for path in args.reports if path.is_file()]
    if not there:
        names = ", ".join(map(str, args.reports))
        what = "no such file" if len(args.reports) == 1 else "none of these files is there"
        raise UsageError(Problem(names, what, "run scons with the same variables first"))
    every = [(path, _read(path)) for path in there]
    if len(args.reports) > 1:
        return Outcome({"boards": [data for _, data in every]}, _shown(every))
    return Outcome(every[0][1], _shown(every))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        data = json.loads(path.read_bytes())
    except ValueError:
        data = None
    if isinstance(data, dict):
        return data
    raise _no_report(path)


def _shown(every: Sequence[tuple[Path, Mapping[str, Any]]]) -> tuple[Block, ...]:
    path, data = every[0]
    try:
        if len(every) > 1:
            return (boards_table([data for _, data in every]),)
        return (board_table(data),) if "tally" in data else report_blocks(data)
    except (ValueError, KeyError, TypeError):
        raise _no_report(path) from None


def _no_report(path: Path) -> UsageError:
    return UsageError(Problem(str(path), "it is not a report of msfcnn", "run scons again"))


def report_blocks(data: Mapping[str, Any]) -> tuple[Block, ...]:
    """The report for people."""
    source = data["images_file"] or "random"
    facts = [("model", data["model"]["name"]), ("images", f"{data['images']} ({source})")]
    if data["accuracy"] is not None:
        facts.append(("accuracy", f"{100 * data['accuracy']:.2f} %"))
    facts += [
        ("peak RAM", f"{format_size(data['peak_ram'])} bytes of arena, {_input(data)}"),
        ("MACs", format_size(data["macs"])),
        ("recompute factor", f"{data['recompute_factor']:.3f}"),
    ]
    if data["engine_bytes"] is not None:
        facts.append(("code", f"{format_size(data['engine_bytes'])} bytes of engine"))
        facts.append(("tables", f"{format_size(data['table_bytes'])} bytes"))
    facts += [
        ("weights", f"{format_size(data['weight_bytes'])} bytes"),
        ("time", f"{1000 * data['seconds_per_image']:.2f} ms per image on this computer"),
    ]
    return (Facts(tuple(facts)),)


def _input(data: Mapping[str, Any]) -> str:
    if data["input_mode"] == "push":
        return "rows pushed"
    return f"beside the caller's image of {format_size(data['input_bytes'])}"
