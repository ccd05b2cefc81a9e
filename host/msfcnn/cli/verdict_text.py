"""How `report` shows its verdicts to people.

Sizes in bytes, F the recompute factor, milliseconds and millions of instructions of an inference.
"Time is" and "sizes from" say what a figure rests on; `why` has the words for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msfcnn.render import Column, Facts, Table
from msfcnn.sizes import format_size

if TYPE_CHECKING:
    from msfcnn.verdict import BoardsReport, BoardVerdict, Memory

_NUMBERS = ("arena", "RAM", "of", "flash", "of", "F", "ms", "M instructions", "mJ")


def verdict_table(found: BoardsReport) -> Table:
    """A line for each board."""
    columns = (
        Column("board"),
        Column("verdict"),
        *(Column(title, right=True) for title in _NUMBERS),
        Column("time is"),
        Column("sizes from"),
    )
    rows = tuple(_row(verdict) for verdict in found.verdicts)
    return Table(columns, rows, title=f"{found.network.model.name} on {len(rows)} boards, bytes")


def why(found: BoardsReport) -> Facts:
    """Reasons of the verdicts, and what the figures rest on."""
    pairs = [(v.board, reason) for v in found.verdicts for reason in v.reasons]
    pairs += _times(found)
    if any(v.energy_mj is not None for v in found.verdicts):
        pairs.append(("mJ", "estimate: time times what the chip draws by its data sheet"))
    if any(v.ram and v.ram.source == "survey" for v in found.verdicts):
        what = "RIOT, engine and tables are those of a program built once: an estimate"
        pairs.append(("survey", what))
    if any(v.ram and v.ram.source == "network only" for v in found.verdicts):
        what = "arena and weights alone; `msfcnn build` tells what the whole program takes"
        pairs.append(("network only", what))
    return Facts(tuple(pairs))


def _times(found: BoardsReport) -> list[tuple[str, str]]:
    """What the cycles of the boards rest on, one line for each basis."""
    boards: dict[tuple[str, str], list[str]] = {}
    for v in found.verdicts:
        if v.latency and v.latency.cycles_kind and v.latency.cycles_basis:
            key = v.latency.cycles_kind, v.latency.cycles_basis
            boards.setdefault(key, []).append(v.board)
    return [
        ("time", f"{kind}, not measured: {basis} ({', '.join(names)})")
        for (kind, basis), names in boards.items()
    ]


def _row(verdict: BoardVerdict) -> tuple[str, ...]:
    """A board's row; what is not known is a dash."""
    latency = verdict.latency
    seconds = latency.seconds if latency else None
    count = latency.instructions if latency else None
    factor, energy = verdict.recompute_factor, verdict.energy_mj
    return (
        verdict.board,
        verdict.verdict,
        "-" if verdict.peak_ram is None else format_size(verdict.peak_ram),
        *_memory(verdict.ram),
        *_memory(verdict.flash),
        "-" if factor is None else f"{factor:.3f}",
        "-" if seconds is None else f"{1000 * seconds:,.1f}",
        "-" if count is None else f"{count / 1e6:,.2f}",
        "-" if energy is None else f"{energy:.3g}",
        latency.kind if latency else "-",
        verdict.ram.source if verdict.ram else "-",
    )


def _memory(memory: Memory | None) -> tuple[str, str]:
    """What is used, and of how much; dashes where it is not known."""
    if memory is None:
        return "-", "-"
    limit = "-" if memory.limit is None else format_size(memory.limit)
    return format_size(memory.used), limit
