"""YAML that people write: what is right is read, and each mistake is named with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import pytest

from msfcnn.errors import Problem
from msfcnn.yamlfile import STRICT, Rule, Unreadable, parse, read_yaml


def _positive(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{value!r} is not a number of bytes")
    return value


Bytes = Annotated[int, Rule(_positive, write="bytes, such as 20480")]


@dataclass(frozen=True)
class Bus:
    """A part of an entry, with a key of its own."""

    __pydantic_config__ = STRICT

    speed: Bytes


@dataclass(frozen=True)
class Entry:
    """What the tests read."""

    __pydantic_config__ = STRICT

    ram: Bytes
    name: str = "unnamed"
    bus: Annotated[Bus | None, Rule(lambda value: value, write="a mapping with speed")] = None
    tags: tuple[str, ...] = field(default=())


def read(tmp_path: Path, text: str | bytes) -> object:
    path = tmp_path / "some.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_yaml(path)


def problem_of(tmp_path: Path, text: str | bytes) -> Problem:
    with pytest.raises(Unreadable) as caught:
        read(tmp_path, text)
    return caught.value.problem


def problems_of(entry: dict[object, object]) -> list[Problem]:
    problems: list[Problem] = []
    assert parse(Entry, entry, "some.yaml: board", problems) is None
    return problems


def test_what_a_file_holds(tmp_path: Path) -> None:
    assert read(tmp_path, "a: 1\nb: [x, 'y']\n") == {"a": 1, "b": ["x", "y"]}
    assert read(tmp_path, "") is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: [1,\n", 3),
        ("a: 1\n\tb: 2\n", 2),
        ("a: 'open\n", 2),
        ("a: 1\na: 2\n", 2),
        ("x:\n  deep: 1\n  deep: 2\n", 3),
        ("a: *nobody\n", 1),
    ],
)
def test_the_line_of_a_mistake_is_named(tmp_path: Path, text: str, line: int) -> None:
    assert problem_of(tmp_path, text).where == f"some.yaml: line {line}"


def test_a_key_given_twice_is_named(tmp_path: Path) -> None:
    assert problem_of(tmp_path, "ram: 1\nram: 2\n").what == "the key 'ram' is given twice"


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"a: \x00", b"\x80abc"])
def test_what_is_no_text_is_said(tmp_path: Path, data: bytes) -> None:
    found = problem_of(tmp_path, data)
    assert found.where.startswith("some.yaml")
    assert found.what


def test_no_python_object_is_made(tmp_path: Path) -> None:
    found = problem_of(tmp_path, "a: !!python/object/apply:os.getcwd []\n")
    assert "could not determine a constructor" in found.what


def test_a_file_that_is_not_there_is_the_callers_to_report(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_yaml(tmp_path / "none.yaml")


def test_an_entry_is_a_dataclass() -> None:
    problems: list[Problem] = []
    entry = {"ram": 16, "bus": {"speed": 9}, "tags": ["a", "b"]}
    found = parse(Entry, entry, "here", problems)
    assert found == Entry(ram=16, bus=Bus(9), tags=("a", "b"))
    assert not problems


def test_a_missing_key_is_named_with_what_to_write() -> None:
    (found,) = problems_of({})
    assert (found.where, found.what) == ("some.yaml: board", "the key 'ram' is missing")
    assert found.hint == "write ram: bytes, such as 20480"


def test_an_unknown_key_is_named_with_the_closest_one() -> None:
    (found,) = problems_of({"ram": 1, "nmae": "x"})
    assert (found.what, found.hint) == ("unknown key 'nmae'", "did you mean name?")


def test_an_unknown_key_that_is_like_none_is_named_with_all() -> None:
    (found,) = problems_of({"ram": 1, "zzzz": "x"})
    assert found.hint == "the keys: ram, name, bus, tags"


def test_a_value_against_a_rule_is_said_in_the_words_of_the_rule() -> None:
    (found,) = problems_of({"ram": "much"})
    assert found.what == "ram: 'much' is not a number of bytes"
    assert found.hint == "write ram: bytes, such as 20480"


@pytest.mark.parametrize("value", [0, -5, True, None, 1.5, [1]])
def test_values_that_only_look_like_numbers(value: object) -> None:
    (found,) = problems_of({"ram": value})
    assert found.what.startswith("ram: ")


def test_the_place_of_a_mistake_in_a_part_is_named() -> None:
    (found,) = problems_of({"ram": 1, "bus": {"speed": -1}})
    assert found.where == "some.yaml: board: bus"
    assert found.hint == "write speed: bytes, such as 20480"
    (found,) = problems_of({"ram": 1, "bus": {"speed": 1, "spede": 2}})
    assert (found.where, found.hint) == ("some.yaml: board: bus", "did you mean speed?")


def test_all_mistakes_are_told_at_once() -> None:
    found = problems_of({"ram": -1, "nmae": "x", "bus": {}})
    assert [problem.where for problem in found].count("some.yaml: board") == 2
    assert "some.yaml: board: bus" in [problem.where for problem in found]


def test_keys_that_are_no_text_are_taken_as_text() -> None:
    (found,) = problems_of({"ram": 1, 7: "x"})
    assert found.what == "unknown key '7'"
