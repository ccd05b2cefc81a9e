"""`msfcnn report`: what `msfcnn run` has measured."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from msfcnn.cli.parser import Outcome, Subparsers, new_verb
from msfcnn.errors import Problem, UsageError
from msfcnn.files import existing_file
from msfcnn.render import Block, Facts
from msfcnn.sizes import format_size

NAME = "report"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "show what `msfcnn run --report` has kept",
        "msfcnn report build/host/digits/report.json",
    )
    parser.add_argument("report", metavar="FILE.json", type=existing_file)


def run(args: argparse.Namespace) -> Outcome:
    """Read the report and show it."""
    try:
        data = json.loads(args.report.read_bytes())
        return Outcome(data, report_blocks(data))
    except (ValueError, KeyError, TypeError):
        what = "it is not a report of 'msfcnn run'"
        raise UsageError(Problem(str(args.report), what, "run scons again")) from None


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
