"""Text for the terminal: what to show as data (`blocks`), and how it looks (`to_text`).

`cli` chooses words and columns, this package widths, wrapping and colours. It prints nothing but
progress on stderr, and nothing where stderr is no terminal.
"""

from __future__ import annotations

from collections.abc import Sequence

from msfcnn.render.bars import progress_bars
from msfcnn.render.blocks import Block, Column, Facts, Table, Verbatim
from msfcnn.render.errors import error_text, grouped
from msfcnn.render.progress import progress
from msfcnn.render.table_csv import csv_text

__all__ = [
    "Block",
    "Column",
    "Facts",
    "Table",
    "Verbatim",
    "csv_text",
    "error_text",
    "grouped",
    "progress",
    "progress_bars",
    "to_text",
]


def to_text(blocks: Sequence[Block], width: int | None = None, color: bool = False) -> str:
    """The blocks below each other; `width` None lets tables be as wide as they need.

    width: columns of the window. color: with ANSI escape sequences; without, plain text.
    """
    from msfcnn.render.terminal import render  # rich takes time to load; --help goes without

    return render(blocks, width, color)
