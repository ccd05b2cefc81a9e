"""boards.yaml: what it may hold, one test a rule, and how boards are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from msfcnn.boards import find_board, load_boards
from msfcnn.errors import BoardError, UsageError

GOOD = {"description": "a board", "runner": "host", "isa": "generic"}


def boards_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "boards.yaml"
    path.write_text(text)
    return path


def entry(name: str = "b", **changes: str | None) -> str:
    keys = {**GOOD, **changes}
    return f"{name}:\n" + "".join(f"  {k}: {v}\n" for k, v in keys.items() if v is not None)


def complaint(tmp_path: Path, text: str) -> str:
    """The one complaint about a file."""
    with pytest.raises(BoardError) as caught:
        load_boards(boards_file(tmp_path, text))
    (problem,) = caught.value.problems
    return f"{problem.where}: {problem.what}; {problem.hint}"


def test_own_boards_are_valid() -> None:
    assert list(load_boards()) == ["host"]
    assert find_board("host").runner == "host"


def test_all_keys(tmp_path: Path) -> None:
    path = boards_file(tmp_path, entry(ram="16K", flash="1M", default_max_ram="8192"))
    board = load_boards(path)["b"]
    assert (board.ram, board.flash, board.default_max_ram) == (16384, 1024**2, 8192)


def test_sizes_may_be_left_out_or_null(tmp_path: Path) -> None:
    board = load_boards(boards_file(tmp_path, entry(ram="null")))["b"]
    assert (board.ram, board.flash, board.default_max_ram) == (None, None, None)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.yaml: cannot be read: no such file"):
        load_boards(tmp_path / "none.yaml")


def test_syntax_error_names_the_line(tmp_path: Path) -> None:
    assert "boards.yaml: line 2: " in complaint(tmp_path, "b:\n  isa: }\n")


@pytest.mark.parametrize("text", ["", "[]", "host", "{}"])
def test_a_file_without_boards(tmp_path: Path, text: str) -> None:
    assert "boards.yaml: holds no boards; write one entry a board" in complaint(tmp_path, text)


def test_a_key_given_twice(tmp_path: Path) -> None:
    assert "line 5: the key 'b' is given twice" in complaint(tmp_path, entry() + entry())


@pytest.mark.parametrize("name", ["7", "Nucleo", "a b", "-x"])
def test_board_name(tmp_path: Path, name: str) -> None:
    text = complaint(tmp_path, entry(f"{name}"))
    assert "is not a board name; use lower-case letters" in text


@pytest.mark.parametrize("value", ["", " 5", " [a]"])
def test_entry_without_keys(tmp_path: Path, value: str) -> None:
    text = complaint(tmp_path, f"b:{value}\n")
    assert text.startswith("boards.yaml: b: has no keys; write description, runner, isa")


def test_unknown_key(tmp_path: Path) -> None:
    text = complaint(tmp_path, entry(flahs="1M"))
    assert text == "boards.yaml: b: unknown key 'flahs'; did you mean flash?"


@pytest.mark.parametrize("key", ["description", "runner", "isa"])
def test_missing_key(tmp_path: Path, key: str) -> None:
    text = complaint(tmp_path, entry(**{key: None}))
    assert text.startswith(f"boards.yaml: b: the key '{key}' is missing; write {key}: ")


@pytest.mark.parametrize("text", ["' '", "5", '"two\\nlines"'])
def test_description_is_a_line(tmp_path: Path, text: str) -> None:
    assert "description: is not a line of text" in complaint(tmp_path, entry(description=text))


def test_unknown_runner(tmp_path: Path) -> None:
    text = complaint(tmp_path, entry(runner="jtag"))
    assert text == "boards.yaml: b: runner: unknown runner 'jtag'; write runner: host"


def test_unknown_isa(tmp_path: Path) -> None:
    text = complaint(tmp_path, entry(isa="mmx"))
    assert text == "boards.yaml: b: isa: unknown isa 'mmx'; write isa: generic"


@pytest.mark.parametrize("key", ["ram", "flash", "default_max_ram"])
@pytest.mark.parametrize("value", ["lots", "-1", "0", "true", "[1]", "1.5"])
def test_sizes(tmp_path: Path, key: str, value: str) -> None:
    text = complaint(tmp_path, entry(**{key: value}))
    assert f"boards.yaml: b: {key}: " in text
    assert "is not a size; write bytes, or K or M" in text


def test_default_limit_fits_into_ram(tmp_path: Path) -> None:
    text = complaint(tmp_path, entry(ram="16K", default_max_ram="32K"))
    assert "default_max_ram (32768) is more than ram (16384); lower default_max_ram" in text


def test_everything_is_reported_at_once(tmp_path: Path) -> None:
    text = entry("a", isa="mmx", ram="x") + entry("b", runner=None)
    with pytest.raises(BoardError) as caught:
        load_boards(boards_file(tmp_path, text))
    assert [p.where for p in caught.value.problems] == ["boards.yaml: a"] * 2 + ["boards.yaml: b"]


def test_unknown_board_names_the_closest() -> None:
    with pytest.raises(BoardError) as caught:
        find_board("hsot")
    assert caught.value.exit_code == 5
    assert caught.value.problems[0].hint == "did you mean host? the boards are: host"


def test_unknown_board_lists_all() -> None:
    with pytest.raises(BoardError) as caught:
        find_board("esp32-wroom-32")
    assert caught.value.problems[0].hint == "the boards are: host"
