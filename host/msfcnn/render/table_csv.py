"""A table as comma-separated values, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io

from msfcnn.render.blocks import Table


def csv_text(table: Table) -> str:
    """Titles, then rows; numbers without the commas that group their digits, no value empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column.title for column in table.columns)
    for row in table.rows:
        writer.writerow(
            _plain(cell) if column.right else cell
            for column, cell in zip(table.columns, row, strict=True)
        )
    return text.getvalue()


def _plain(cell: str) -> str:
    return "" if cell == "-" else cell.replace(",", "")
