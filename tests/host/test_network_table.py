"""The table of networks in the pages is what tools/network_table.py writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from msfcnn import zoo
from network_table import HEAD, ROWS, Row, line, replaced

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/comparison.md")
SHOWN = {row.name for row in ROWS}


def test_every_network_of_the_zoo_has_a_row() -> None:
    assert set(zoo.NAMES) <= SHOWN


def test_pages_have_the_same_table() -> None:
    tables = [(ROOT / page).read_text().split(HEAD)[1].split("\n\n")[0] for page in PAGES]
    assert tables[0] == tables[1]
    assert [row.split(",")[0] for row in tables[0].splitlines()] == [
        f"| {row.label}" for row in ROWS
    ]


@pytest.mark.long
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
def test_rows_are_what_the_tool_writes(row: Row) -> None:
    assert line(row) in (ROOT / "README.md").read_text()


def test_rows_are_replaced() -> None:
    page = f"text\n\n{HEAD}| old |\n| older |\n\nmore\n"
    assert replaced(page, "| new |\n") == f"text\n\n{HEAD}| new |\n\nmore\n"
