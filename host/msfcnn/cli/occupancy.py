"""What programs occupy, as tables: one board in detail, or many with a line each.

All sizes are bytes of the linked program (msfcnn.firmware.Tally); where they could not be had only
the arena of the plan is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from msfcnn.render import Block, Column, Table
from msfcnn.sizes import format_size

if TYPE_CHECKING:
    from msfcnn.firmware import Tally
    from msfcnn.verdict import FailedProgram, ProgramReport

Program: TypeAlias = "ProgramReport | FailedProgram"


def board_table(found: ProgramReport) -> Block:
    """All that a program for one board occupies, and what its plan costs."""
    size, planned = found.tally, found.planned
    rows: list[tuple[str, str, str]] = []
    if size:
        flash = {
            "engine": size.engine,
            "tables": size.tables,
            "weights": size.weights,
            "other": size.flash_rest,
        }
        ram = {
            "arena": size.arena,
            "engine state": size.state,
            "stacks": size.stack,
            "other static": size.static_rest,
        }
        rows += _part("flash", flash, size.flash, size.flash_limit)
        rows += _part("RAM", ram, size.ram, size.ram_limit)
        if size.free is not None:
            rows.append(("", "free", format_size(size.free)))
        rows += _image(size)
    else:
        rows.append(("RAM", "arena", format_size(planned.peak_ram)))
    rows.append(("plan", "MACs", format_size(planned.macs)))
    rows.append(("", "recompute factor", f"{planned.recompute_factor:.3f}"))
    title = f"{found.model} on {found.board}"
    return Table((Column(""), Column(""), Column("bytes", right=True)), tuple(rows), title)


def boards_table(every: Sequence[Program]) -> Block:
    """One line a board; boards that could not be built say why."""
    columns = (
        Column("board"),
        *(
            Column(title, right=True)
            for title in ("flash", "of", "RAM", "of", "arena", "free", "F", "MACs")
        ),
        Column("remark", wraps=True),
    )
    return Table(columns, tuple(_line(found) for found in every))


def reason(error: Mapping[str, Any], board: str) -> str:
    """Everything an error says, in one line that stands beside the board's name."""
    texts = []
    for problem in error["problems"]:
        where = "" if problem["where"] in ("", board) else f"{problem['where']}: "
        hint = f" - {problem['hint']}" if problem["hint"] else ""
        texts.append(f"{where}{problem['what']}{hint}")
    return "; ".join(texts)


def _part(
    title: str, parts: Mapping[str, int], total: int, limit: int | None
) -> list[tuple[str, str, str]]:
    """The rows of RAM or flash: what takes it, and the sum beside its limit.

    title stands in the first row only. limit: of the board; None where boards.yaml gives none.
    """
    names = (title, *([""] * len(parts)))
    rows = [
        (name, label, format_size(size))
        for name, (label, size) in zip(names, parts.items(), strict=False)
    ]
    of = f" of {format_size(limit)}" if limit else ""
    return [*rows, ("", "total", f"{format_size(total)}{of}")]


def _image(size: Tally) -> list[tuple[str, str, str]]:
    """What the caller of the network has to keep, and whether the RAM is enough for that, too."""
    if not size.image:
        return []
    place = "RAM, above" if size.image_in_ram else "flash"
    rows = [("image", f"kept in {place}", format_size(size.image))]
    if not size.image_in_ram and size.ram_limit and size.free_with_image is not None:
        of = f"{format_size(size.ram_with_image)} of {format_size(size.ram_limit)}"
        rows.append(("", "RAM with the image there", of))
        rows.append(("", *_free_with_image(size.free_with_image)))
    return rows


def _free_with_image(free: int) -> tuple[str, str]:
    """What is left of the RAM with the image in it, or what it would lack."""
    return ("free", format_size(free)) if free >= 0 else ("missing", format_size(-free))


def _remark(size: Tally | None) -> str:
    """Where a program fits only because it has no image in RAM."""
    free = size.free_with_image if size else None
    if free is None or free >= 0:
        return ""
    return f"an image in RAM does not fit ({format_size(-free)} bytes missing): push or pull it"


def _line(found: Program) -> tuple[str, ...]:
    """A board's row in the table of several; one that failed has its reason."""
    from msfcnn.verdict import FailedProgram

    if isinstance(found, FailedProgram):
        return (found.board, *["-"] * 8, reason(found.error, found.board))
    planned, size = found.planned, found.tally
    values = (size.flash, size.flash_limit, size.ram, size.ram_limit) if size else (None,) * 4
    values = (*values, planned.peak_ram, size.free if size else None)
    texts = ["-" if value is None else format_size(value) for value in values]
    factor, macs = f"{planned.recompute_factor:.3f}", format_size(planned.macs)
    return (found.board, *texts, factor, macs, _remark(size))
