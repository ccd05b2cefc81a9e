"""How blocks look on a terminal. The only module that knows rich."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from msfcnn.render.blocks import Block, Column, Facts, Table, Verbatim
from msfcnn.render.errors import printable

UNLIMITED = 10_000  # columns; where nobody looks at a window, nothing is wrapped
WRAPPED = 20  # columns that text keeps at least; a narrower window breaks the lines itself


def render(blocks: Sequence[Block], width: int | None, color: bool) -> str:
    """The blocks as text, an empty line between two of them."""
    return "\n".join(_block(block, width or UNLIMITED, color) for block in blocks)


def _block(block: Block, width: int, color: bool) -> str:
    """One block as text, without blanks at the ends of lines.

    The console is cut off from the environment (`_environ`), so that the same data gives the same
    text everywhere; a table that needs more than the window is shown as wide as it must be.
    """
    if isinstance(block, Verbatim):
        return block.text if block.text.endswith("\n") else block.text + "\n"
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        _environ={},
    )
    body = _facts(block) if isinstance(block, Facts) else _table(block)
    narrowest = Measurement.get(console, console.options, body).minimum
    console.width = max(width, narrowest)
    with console.capture() as captured:
        if block.title:
            console.print(Text(printable(block.title), style="bold"))
        console.print(body)
    return "".join(line.rstrip() + "\n" for line in captured.get().splitlines())


def _table(block: Table) -> RichTable:
    table = RichTable(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
        show_footer=bool(block.totals),
    )
    totals = block.totals or ("",) * len(block.columns)
    for column, total in zip(block.columns, totals, strict=True):
        table.add_column(
            column.title,
            footer=Text(printable(total)),
            justify="right" if column.right else "left",
            overflow="fold",
            no_wrap=not column.wraps,
            min_width=min(WRAPPED, _longest(block, column)) if column.wraps else None,
        )
    for row in block.rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table


def _longest(block: Table, column: Column) -> int:
    """Characters of the longest cell of a column, its title included."""
    index = block.columns.index(column)
    return max(len(text) for text in (column.title, *(row[index] for row in block.rows)))


def _facts(block: Facts) -> RichTable:
    """Two columns without lines; names stay whole, values may wrap."""
    table = RichTable.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in block.pairs:
        table.add_row(Text(printable(name)), Text(printable(value)))
    return table
