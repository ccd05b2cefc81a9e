"""Blocks as text for a terminal and for spreadsheets, and problems as messages."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msfcnn.errors import Problem
from msfcnn.render import Column, Facts, Table, Verbatim, csv_text, error_text, grouped, to_text
from msfcnn.render.errors import printable

COLUMNS = (Column("stage"), Column("bytes", right=True), Column("what is in it", wraps=True))
TABLE = Table(
    COLUMNS,
    (
        ("1", "9,216", "windows of conv1 and conv2"),
        ("2", "512", "the output"),
    ),
    title="Stages",
    totals=("", "9,728", ""),
)
ESCAPES = re.compile("\x1b\\[[0-9;]*m")


# --- tables ---


def test_numbers_end_below_each_other() -> None:
    lines = to_text((TABLE,)).splitlines()
    ends = [line.index(number) + len(number) for line in lines for number in ("9,216", "  512")
            if number in line]  # fmt: skip
    assert len(ends) == 2
    assert len(set(ends)) == 1


def test_a_table_has_its_title_rows_and_totals_in_order() -> None:
    text = to_text((TABLE,))
    places = [text.index(word) for word in ("Stages", "stage", "9,216", "512", "9,728")]
    assert places == sorted(places)


def test_no_line_ends_with_spaces() -> None:
    assert not [line for line in to_text((TABLE,)).splitlines() if line != line.rstrip()]


def test_without_a_window_nothing_is_wrapped() -> None:
    long = "x " * 400
    text = to_text((Table((Column("a", wraps=True),), ((long.strip(),),)),))
    assert long.strip() in text


def test_a_narrow_window_wraps_only_what_may_be_wrapped() -> None:
    words = "one two three four five six seven eight nine ten"
    table = Table((Column("name"), Column("text", wraps=True)), (("a_name_that_stays", words),))
    lines = to_text((table,), width=44).splitlines()
    assert max(map(len, lines)) <= 44
    assert any("a_name_that_stays" in line for line in lines)
    assert " ".join(" ".join(line[18:] for line in lines[2:]).split()) == words


def test_text_between_blocks_is_an_empty_line() -> None:
    text = to_text((Verbatim("one"), Verbatim("two\n")))
    assert text == "one\n\ntwo\n"


def test_facts_are_named_values() -> None:
    text = to_text((Facts((("arena", "9,216 bytes"), ("stages", "3")), title="Plan"),))
    lines = text.splitlines()
    assert lines[0] == "Plan"
    assert [line.split(maxsplit=1) for line in lines[1:]] == [
        ["arena", "9,216 bytes"],
        ["stages", "3"],
    ]


@pytest.mark.parametrize("block", [TABLE, Facts((("a", "b"),), title="T")])
def test_colour_changes_nothing_but_colour(block: Table | Facts) -> None:
    plain, coloured = to_text((block,)), to_text((block,), color=True)
    assert "\x1b" not in plain
    assert "\x1b" in coloured
    assert ESCAPES.sub("", coloured).split() == plain.split()


@pytest.mark.parametrize("text", ["[red]x[/red]", "[1, 3, 224, 224]", ":smile:", "[link=a]b"])
def test_text_is_no_markup(text: str) -> None:
    """Shapes and names of nodes have brackets and colons, which rich would take for its own."""
    assert text in to_text((Table((Column("node"),), ((text,),)),))
    assert text in to_text((Facts((("node", text),)),))


@given(st.text(max_size=30))
def test_no_text_of_a_model_moves_the_cursor(text: str) -> None:
    shown = to_text((Table((Column("node"),), ((text,),)), Facts((("node", text),))))
    assert all(char.isprintable() or char == "\n" for char in shown)


# --- spreadsheets ---


def test_a_spreadsheet_reads_back_rows_with_plain_numbers() -> None:
    rows = list(csv.reader(io.StringIO(csv_text(TABLE))))
    assert rows[0] == ["stage", "bytes", "what is in it"]
    assert rows[1:] == [["1", "9216", "windows of conv1 and conv2"], ["2", "512", "the output"]]


def test_no_value_is_an_empty_cell_of_numbers_only() -> None:
    table = Table((Column("a"), Column("n", right=True)), (("-", "-"), ("x, y", "1,000,000")))
    rows = list(csv.reader(io.StringIO(csv_text(table))))
    assert rows[1:] == [["-", ""], ["x, y", "1000000"]]


@given(st.lists(st.text(st.characters(exclude_characters="\r\0"), max_size=9), min_size=1))
def test_any_text_comes_through_a_spreadsheet(cells: list[str]) -> None:
    table = Table(tuple(Column("c") for _ in cells), (tuple(cells),))
    assert list(csv.reader(io.StringIO(csv_text(table), newline="")))[1] == cells


def test_a_row_of_the_wrong_length_is_a_defect() -> None:
    with pytest.raises(ValueError, match="shorter"):
        csv_text(Table(COLUMNS, (("1", "2"),)))


# --- problems ---

ONE = Problem("conv1", "has no weights", "export it again", "Conv")
TWO = Problem("conv2", "has no weights", "export it again", "Conv")
FILE = Problem("model.onnx", "is empty")


def test_one_problem_is_a_line_with_its_hint() -> None:
    expected = "error: conv1 (Conv): has no weights\n  hint: export it again\n"
    assert error_text([ONE]) == expected
    assert error_text([FILE]) == "error: model.onnx: is empty\n"


def test_several_problems_are_counted_and_listed() -> None:
    lines = error_text([ONE, FILE], "model.onnx").splitlines()
    assert lines == [
        "error: 2 problems in model.onnx",
        "  - conv1 (Conv): has no weights",
        "    hint: export it again",
        "  - model.onnx: is empty",
    ]


def test_the_same_of_many_nodes_is_said_once() -> None:
    many = [Problem(f"gate{n}", "is not supported", "", "GRU") for n in range(54)]
    (found,) = grouped(many)
    assert found.where == "gate0 and 53 more"
    assert [p.where for p in grouped([ONE, FILE, TWO])] == ["conv1 and 1 more", "model.onnx"]


def test_different_things_of_one_kind_stay_apart() -> None:
    other = Problem("conv3", "has a negative scale", "quantize it again", "Conv")
    assert grouped([ONE, other]) == [ONE, other]


def test_places_without_a_kind_stay_apart() -> None:
    files = [Problem(name, "is empty") for name in ("a.onnx", "b.onnx")]
    assert grouped(files) == files


@pytest.mark.parametrize("text", ["plain", "größer", "モデル", "/model/conv.0/Conv"])
def test_names_in_any_script_are_shown_as_they_are(text: str) -> None:
    assert printable(text) == text


def test_what_plays_tricks_on_a_terminal_is_escaped() -> None:
    assert printable("a\x1b[2Jb\rc\u202ed") == "a\\x1b[2Jb\\rc\\u202ed"
    hostile = Problem("x\x1b[31m", "bad\n", "do\x07", "K")
    assert "\x1b" not in error_text([hostile])
    assert "\x07" not in error_text([hostile])
