"""Reports that `msfcnn build` and `msfcnn run --report` have kept, read and shown again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msfcnn.cli.occupancy import Program, board_table, boards_table
from msfcnn.cli.parser import Outcome
from msfcnn.errors import Problem, UsageError
from msfcnn.render import Block, Facts
from msfcnn.report import from_data
from msfcnn.sizes import format_size

if TYPE_CHECKING:
    from msfcnn.report import RunReport


def show_stored(paths: Sequence[Path]) -> Outcome:
    """Read the reports and show them: one in detail, several with a line each.

    Of several files those that are missing are passed over (a board may not have been built yet).
    Raises UsageError where none is there, or one is no report of msfcnn.
    """
    there = [path for path in paths if path.is_file()]
    if not there:
        names = ", ".join(map(str, paths))
        what = "no such file" if len(paths) == 1 else "none of these files is there"
        raise UsageError(Problem(names, what, "run scons with the same variables first"))
    every = [_read(path) for path in there]
    blocks = _shown(there, every)
    if len(paths) > 1:
        return Outcome({"boards": every}, blocks)
    return Outcome(every[0], blocks)


def _read(path: Path) -> Mapping[str, Any]:
    """The data of a file that an earlier command has written. Raises UsageError."""
    try:
        data = json.loads(path.read_bytes())
    except ValueError:
        data = None
    if isinstance(data, dict):
        return data
    raise _no_report(path)


def _shown(paths: Sequence[Path], every: Sequence[Mapping[str, Any]]) -> tuple[Block, ...]:
    """Stored reports as tables; one that failed shows its error.

    What a file is shows in its keys: "error" of a build that failed, "tally" of a program with
    sizes; without either, alone, it is the report of a run on this computer.
    """
    from msfcnn.report import RunReport
    from msfcnn.verdict import FailedProgram, ProgramReport

    programs: list[Program] = []
    for path, data in zip(paths, every, strict=True):
        try:
            if "error" in data:
                programs.append(from_data(FailedProgram, data))
            elif "tally" in data or len(every) > 1:
                programs.append(from_data(ProgramReport, data))
            else:
                return run_blocks(from_data(RunReport, data))
        except ValueError:
            raise _no_report(path) from None
    if len(programs) == 1 and isinstance(programs[0], ProgramReport):
        return (board_table(programs[0]),)
    return (boards_table(programs),)


def _no_report(path: Path) -> UsageError:
    return UsageError(Problem(str(path), "it is not a report of msfcnn", "run scons again"))


def run_blocks(found: RunReport) -> tuple[Block, ...]:
    """A program that ran on this computer, for people."""
    facts = [("model", found.model.name), ("images", f"{found.images} ({_source(found)})")]
    if found.accuracy is not None:
        facts.append(("accuracy", f"{100 * found.accuracy:.2f} %"))
    facts += [
        ("peak RAM", f"{format_size(found.peak_ram)} bytes of arena, {_input(found)}"),
        ("MACs", format_size(found.macs)),
        ("recompute factor", f"{found.recompute_factor:.3f}"),
    ]
    if found.engine_bytes is not None and found.table_bytes is not None:
        facts.append(("code", f"{format_size(found.engine_bytes)} bytes of engine"))
        facts.append(("tables", f"{format_size(found.table_bytes)} bytes"))
    facts += [
        ("weights", f"{format_size(found.weight_bytes)} bytes"),
        ("time", f"{1000 * found.seconds_per_image:.2f} ms per image on this computer"),
    ]
    return (Facts(tuple(facts)),)


def _source(found: RunReport) -> str:
    return found.images_file or "random"


def _input(found: RunReport) -> str:
    if found.input_mode == "image":
        return f"beside the caller's image of {format_size(found.input_bytes)}"
    return {"push": "rows pushed", "pull": "the image fetched in parts"}[found.input_mode]
