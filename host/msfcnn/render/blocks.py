"""What can be shown, as data: tables, lists of facts and plain text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column of a table; `right`: numbers; `wraps`: text that a narrow window may break."""

    title: str
    right: bool = False
    wraps: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells under titled columns, with a line of totals where `totals` is not empty.

    Each row, and the totals, has a cell for every column: text as it is shown, "" for none.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    totals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """Named values, one a line."""

    pairs: tuple[tuple[str, str], ...]
    title: str = ""


@dataclass(frozen=True)
class Verbatim:
    """Text that is shown as it is, neither wrapped nor coloured."""

    text: str


Block = Table | Facts | Verbatim
