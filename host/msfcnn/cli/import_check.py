"""`msfcnn import-check`: a directory of models, and which of them msfcnn runs.

For whoever chooses between networks, and for us: a model that ends in a defect (exit code 70) is an
error of msfcnn, one that is refused is not.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from collections.abc import Sequence

import msfcnn
from msfcnn.cli.failure import DefectError
from msfcnn.cli.parser import Outcome, Subparsers, new_verb
from msfcnn.errors import SUCCESS, MismatchError, ModelError
from msfcnn.files import existing_path
from msfcnn.render import Column, Facts, Table, grouped
from msfcnn.report import DEFECT, FAR, RUNS, ImportVerdict, to_data
from msfcnn.sizes import format_size

NAME = "import-check"
DEFAULT_TIMEOUT = 300


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "say for each model of a directory whether msfcnn runs it, and why not",
        "msfcnn import-check models/\nmsfcnn import-check models/ --quantize --plan",
        "A model is inaccurate where int8 is more than a quarter from float on random images:\n"
        "quantize it with real ones. Exit code 1 means that some are refused, 4 that the code\n"
        "of one is wrong.",
    )
    parser.add_argument(
        "models",
        metavar="DIR|FILE",
        nargs="+",
        type=existing_path,
        help="directories with .onnx and .tflite files, or such files",
    )
    parser.add_argument(
        "--quantize",
        action="store_true",
        help="quantize float models first, with random images: the ranges mean nothing",
    )
    parser.add_argument("--plan", action="store_true", help="plan each model that is imported")
    parser.add_argument(
        "--verify", action="store_true", help="run the code of each model that is imported"
    )
    parser.add_argument(
        "--timeout",
        metavar="S",
        type=_seconds,
        default=DEFAULT_TIMEOUT,
        help=f"give a model up after so many seconds; 0 is no limit (default: {DEFAULT_TIMEOUT})",
    )


def run(args: argparse.Namespace) -> Outcome:
    """Check all files, one after the other; each is told of when it is done."""
    found = msfcnn.import_check(
        args.models,
        quantize=args.quantize,
        plan=args.plan,
        verify=args.verify,
        timeout=args.timeout,
        watch=_tell,
    )
    counts = Counter(verdict.verdict for verdict in found)
    inaccurate = sum(verdict.inaccurate for verdict in found)
    if inaccurate:
        counts["inaccurate"] = inaccurate
    models = [{**to_data(verdict), "inaccurate": verdict.inaccurate} for verdict in found]
    data = {"models": models, "counts": dict(counts)}
    facts = [(verdict, str(count)) for verdict, count in sorted(counts.items())]
    told = f"{inaccurate} of those that run: int8 is more than {FAR:.0%} from float"
    summary = Facts(tuple((name, told if name == "inaccurate" else n) for name, n in facts))
    return Outcome(data, (_table(found), summary), _exit_code(found))


def _seconds(text: str) -> float:
    """A number of seconds, 0 or more. Raises ArgumentTypeError, as argparse expects of a type."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds, such as 60")
    return value


def _tell(found: ImportVerdict, done: int, total: int) -> None:
    """A line on the standard error stream: who breaks off has seen what was done by then."""
    line = f"[{done}/{total}] {found.seconds:5.1f} s  {_word(found):10}  {found.file}"
    print(line, file=sys.stderr, flush=True)


def _word(found: ImportVerdict) -> str:
    """The verdict in a word; in capitals where the C code computes something else."""
    if found.agrees is False:
        return "MISMATCH"
    return "inaccurate" if found.inaccurate else found.verdict


def _exit_code(found: Sequence[ImportVerdict]) -> int:
    """The worst of all models: a defect of ours, a mismatch, a refusal."""
    if any(verdict.verdict == DEFECT for verdict in found):
        return DefectError.exit_code
    if any(verdict.agrees is False for verdict in found):
        return MismatchError.exit_code
    return SUCCESS if all(verdict.verdict == RUNS for verdict in found) else ModelError.exit_code


def _table(found: Sequence[ImportVerdict]) -> Table:
    columns = (
        Column("model", wraps=True),
        Column("form"),
        Column("verdict"),
        Column("error", right=True),
        Column("peak RAM", right=True),
        Column("because", wraps=True),
    )
    return Table(columns, tuple(_row(verdict) for verdict in found))


def _row(found: ImportVerdict) -> tuple[str, ...]:
    """A model's row: its verdict, and the reasons, those of one kind told once."""
    reasons = [
        f"{p.where} ({p.kind}): {p.what}" if p.kind else _plain(p.where, p.what)
        for p in grouped(found.problems)
    ]
    return (
        found.file,
        found.form,
        _word(found),
        "" if found.error is None else f"{found.error:.1%}",
        "" if found.peak_ram is None else format_size(found.peak_ram),
        "; ".join(reasons or _remarks(found)),
    )


def _remarks(found: ImportVerdict) -> list[str]:
    """What to know of a model that runs: what was cut off, and where int8 is far from float."""
    remarks = [note for note in found.notes if note.startswith("cut off")]
    if found.inaccurate and found.worst is not None:
        remarks.append(f"{found.worst.node} is {found.worst.error:.0%} off")
    return remarks


def _plain(where: str, what: str) -> str:
    """A problem of the file as a whole may name no place."""
    return f"{where}: {what}" if where else what
