"""What programs occupy, as tables: one board in detail, or many with a line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msfcnn.render import Block, Column, Table
from msfcnn.sizes import format_size

_FLASH = (
    ("engine", "engine"),
    ("tables", "tables"),
    ("weights", "weights"),
    ("flash_rest", "rest"),
)
_RAM = (
    ("arena", "arena"),
    ("state", "engine state"),
    ("stack", "stacks"),
    ("static_rest", "rest of static"),
)

Data = Mapping[str, Any]


def board_table(data: Data) -> Block:
    """All that a program for one board occupies, and what its plan costs."""
    size = data["tally"]
    rows: list[tuple[str, str, str]] = []
    if size:
        rows += _part("flash", size, _FLASH, "flash", "flash_limit")
        rows += _part("RAM", size, _RAM, "ram", "ram_limit")
        if size["free"] is not None:
            rows.append(("", "free", format_size(size["free"])))
        rows += _image(size)
    else:
        rows.append(("RAM", "arena", format_size(data["planned"]["peak_ram"])))
    planned = data["planned"]
    rows.append(("plan", "MACs", format_size(planned["macs"])))
    rows.append(("", "recompute factor", f"{planned['recompute_factor']:.3f}"))
    title = f"{data['model']} on {data['board']}"
    return Table((Column(""), Column(""), Column("bytes", right=True)), tuple(rows), title)


def boards_table(every: Sequence[Data]) -> Block:
    """One line a board; boards that could not be built say why."""
    columns = (
        Column("board"),
        *(
            Column(title, right=True)
            for title in ("flash", "of", "RAM", "of", "arena", "free", "F", "MACs")
        ),
        Column("remark", wraps=True),
    )
    return Table(columns, tuple(_line(data) for data in every))


def reason(error: Data, board: str) -> str:
    """Everything an error says, in one line that stands beside the board's name."""
    texts = []
    for problem in error["problems"]:
        where = "" if problem["where"] in ("", board) else f"{problem['where']}: "
        hint = f" - {problem['hint']}" if problem["hint"] else ""
        texts.append(f"{where}{problem['what']}{hint}")
    return "; ".join(texts)


def _part(
    title: str, size: Data, parts: Sequence[tuple[str, str]], total: str, limit: str
) -> list[tuple[str, str, str]]:
    names = (title, *([""] * len(parts)))
    rows = [
        (name, label, format_size(size[key]))
        for name, (key, label) in zip(names, parts, strict=False)
    ]
    of = f" of {format_size(size[limit])}" if size[limit] else ""
    return [*rows, ("", "together", f"{format_size(size[total])}{of}")]


def _image(size: Data) -> list[tuple[str, str, str]]:
    """What the caller of the network has to keep, and whether the RAM is enough for that, too."""
    if not size.get("image"):
        return []
    place = "RAM, above" if size["image_in_ram"] else "flash"
    rows = [("image", f"kept in {place}", format_size(size["image"]))]
    if not size["image_in_ram"] and size["ram_limit"]:
        of = f"{format_size(size['ram_with_image'])} of {format_size(size['ram_limit'])}"
        rows.append(("", "RAM with the image there", of))
        rows.append(("", *_free_with_image(size["free_with_image"])))
    return rows


def _free_with_image(free: int) -> tuple[str, str]:
    return ("free", format_size(free)) if free >= 0 else ("missing", format_size(-free))


def _remark(size: Data) -> str:
    """Where a program fits only because it has no image in RAM."""
    free = size.get("free_with_image")
    if free is None or free >= 0:
        return ""
    return f"an image in RAM does not fit ({format_size(-free)} bytes missing): push or pull it"


def _line(data: Data) -> tuple[str, ...]:
    if "error" in data:
        return (data["board"], *["-"] * 8, reason(data["error"], data["board"]))
    planned, size = data["planned"], data["tally"] or {}
    values = [size.get(key) for key in ("flash", "flash_limit", "ram", "ram_limit")]
    values += [planned["peak_ram"], size.get("free")]
    texts = ["-" if value is None else format_size(value) for value in values]
    factor, macs = f"{planned['recompute_factor']:.3f}", format_size(planned["macs"])
    return (data["board"], *texts, factor, macs, _remark(size))
