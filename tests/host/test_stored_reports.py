"""Reports as data, read back and shown: what `scons` keeps and `msfcnn report` shows later."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import msfcnn
import msfcnn.report as reports
from msfcnn.cli.occupancy import board_table, boards_table, reason
from msfcnn.cli.stored_reports import run_blocks, show_stored
from msfcnn.errors import UsageError
from msfcnn.firmware import Tally
from msfcnn.render import to_text
from msfcnn.report import CodeReport, LayerError, RunReport, code_report, from_data, to_data
from msfcnn.verdict import FailedProgram, ProgramReport

REPORTS = [
    kind
    for name in reports.__all__
    if name != "QuantizationReport"  # which holds paths: the command says what is shown of it
    and dataclasses.is_dataclass(kind := getattr(reports, name))
    and isinstance(kind, type)
]
# of an infinite value and one that is no number JSON has no idea
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
HASTE = settings(
    max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
NOTHING = {"problems": []}


@pytest.fixture(scope="module")
def planned(repo_root: Path) -> CodeReport:
    return code_report(msfcnn.generate(repo_root / "apps" / "digits" / "digits.onnx"))


@pytest.fixture
def finite() -> Iterator[None]:
    """Reports are made up of numbers that JSON has."""
    st.register_type_strategy(float, NUMBERS)
    yield
    st.register_type_strategy(float, st.floats())


def tally(**changes: int | None) -> Tally:
    """What a small program occupies: 10,000 bytes of flash and 3,000 of RAM."""
    found = {
        "engine": 5000,
        "tables": 1000,
        "weights": 3000,
        "flash_rest": 1000,
        "arena": 1500,
        "state": 300,
        "stack": 1000,
        "static_rest": 200,
        "image": 0,
        "image_in_ram": False,
        "flash_limit": 32768,
        "ram_limit": 4096,
        **changes,
    }
    return Tally(**{f.name: found[f.name] for f in dataclasses.fields(Tally) if f.name in found})


def program(planned: CodeReport, size: Tally | None, board: str = "some-board") -> ProgramReport:
    return ProgramReport(
        board=board,
        model="digits",
        application="bench",
        program="bench.elf",
        planned=planned,
        tally=size,
    )


def ran(planned: CodeReport, **changes: Any) -> RunReport:
    own = {
        "images": 450,
        "images_file": "digits_test.npz",
        "accuracy": 0.9978,
        "seconds_per_image": 0.000123,
        "arena_untouched": 0,
        "engine_bytes": 9000,
        "table_bytes": 800,
    }
    fields = {f.name: getattr(planned, f.name) for f in dataclasses.fields(planned)}
    return RunReport(**{**fields, **own, **changes})


def kept(path: Path, report: object, **more: object) -> Path:
    path.write_text(json.dumps({**to_data(report), **more}))
    return path


# --- to data and back ---


@pytest.mark.parametrize("kind", REPORTS, ids=lambda kind: kind.__name__)
def test_a_report_comes_back_from_json_as_it_was(kind: type, finite: None) -> None:
    @HASTE
    @given(st.from_type(kind))
    def back(report: object) -> None:
        data = json.loads(json.dumps(to_data(report), allow_nan=False))
        assert from_data(kind, data) == report

    back()


def test_keys_are_the_fields(planned: CodeReport) -> None:
    data = to_data(planned)
    assert list(data) == [field.name for field in dataclasses.fields(planned)]


def test_there_is_no_figure_where_a_number_has_no_end() -> None:
    found = LayerError(node="conv", value="y", error=float("inf"))
    assert to_data(found) == {"node": "conv", "value": "y", "error": None}


@pytest.mark.parametrize("damage", ["missing", "kind", "nothing"])
def test_what_is_no_report_is_refused(damage: str, planned: CodeReport) -> None:
    data: Mapping[str, Any] = to_data(planned)
    damaged = {
        "missing": {key: value for key, value in data.items() if key != "macs"},
        "kind": {**data, "macs": "many"},
        "nothing": {},
    }[damage]
    with pytest.raises(ValueError, match="validation error"):
        from_data(CodeReport, damaged)


# --- reports in files ---


def test_one_program_is_shown_in_detail(planned: CodeReport, tmp_path: Path) -> None:
    path = kept(tmp_path / "a.json", program(planned, tally()))
    shown = show_stored([path])
    text = to_text(shown.blocks)
    for word in ("engine", "weights", "stacks", "total", "10,000 of 32,768", "3,000 of 4,096"):
        assert word in text
    assert shown.data["board"] == "some-board"


def test_several_programs_have_a_line_each(planned: CodeReport, tmp_path: Path) -> None:
    paths = [
        kept(tmp_path / f"{name}.json", program(planned, tally(), name)) for name in ("one", "two")
    ]
    shown = show_stored(paths)
    lines = to_text(shown.blocks).splitlines()
    assert [line.split()[0] for line in lines[2:4]] == ["one", "two"]
    assert [data["board"] for data in shown.data["boards"]] == ["one", "two"]


def test_a_program_that_failed_says_why_among_the_others(
    planned: CodeReport, tmp_path: Path
) -> None:
    problem = {"where": "make", "what": "no such compiler", "hint": "apt install it", "kind": ""}
    failed = FailedProgram(board="two", error={"problems": [problem]})
    paths = [
        kept(tmp_path / "one.json", program(planned, tally(), "one")),
        kept(tmp_path / "two.json", failed),
    ]
    text = to_text(show_stored(paths).blocks)
    assert "make: no such compiler - apt install it" in text


def test_a_run_on_this_computer_is_shown(planned: CodeReport, tmp_path: Path) -> None:
    text = to_text(show_stored([kept(tmp_path / "run.json", ran(planned))]).blocks)
    for word in ("450 (digits_test.npz)", "99.78 %", "0.12 ms per image", "9,000 bytes of engine"):
        assert word in text


def test_reports_that_are_not_there_yet_are_left_out(planned: CodeReport, tmp_path: Path) -> None:
    path = kept(tmp_path / "one.json", program(planned, tally(), "one"))
    assert "one" in to_text(show_stored([tmp_path / "none.json", path]).blocks)


@pytest.mark.parametrize("count", [1, 2])
def test_no_report_at_all_says_what_to_do(count: int, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        show_stored([tmp_path / f"{n}.json" for n in range(count)])
    (found,) = caught.value.problems
    assert "run scons" in found.hint
    assert found.what == ("no such file" if count == 1 else "none of these files is there")


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"board": 1}', '{"error": 1}', "\xff"])
def test_files_that_are_no_reports(content: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(UsageError, match="it is not a report of msfcnn"):
        show_stored([path])


# --- tables ---


def test_the_parts_add_up_to_what_is_called_total(planned: CodeReport) -> None:
    rows = board_table(program(planned, tally())).rows  # type: ignore[union-attr]
    sizes = [int(row[2].split(" of ")[0].replace(",", "")) for row in rows[:-1]]
    names = [row[1] for row in rows]
    begin = 0
    for title in ("flash", "RAM"):
        end = names.index("total", begin)
        assert rows[begin][0] == title
        assert sum(sizes[begin:end]) == sizes[end]
        begin = end + 1
    assert sizes[begin] == 4096 - 3000


def test_without_the_program_only_the_arena_is_known(planned: CodeReport) -> None:
    text = to_text((board_table(program(planned, None)),))
    assert f"{planned.peak_ram:,}" in text
    assert "engine" not in text
    line = to_text((boards_table([program(planned, None)]),)).splitlines()[2]
    assert line.split()[1:5] == ["-"] * 4


def test_a_limit_that_nobody_knows_is_not_shown(planned: CodeReport) -> None:
    size = tally(flash_limit=None, ram_limit=None)
    text = to_text((board_table(program(planned, size)),))
    assert " of " not in text


@pytest.mark.parametrize(
    ("images_file", "accuracy", "shown"),
    [(None, None, "450 (random)"), ("a.npz", None, "450 (a.npz)"), ("a.npz", 0.5, "50.00 %")],
)
def test_where_images_come_from(
    images_file: str | None, accuracy: float | None, shown: str, planned: CodeReport
) -> None:
    text = to_text(run_blocks(ran(planned, images_file=images_file, accuracy=accuracy)))
    assert shown in text
    assert ("accuracy" in text) == (accuracy is not None)


@pytest.mark.parametrize(
    ("mode", "words"),
    [("image", "beside the caller's image"), ("push", "rows pushed"), ("pull", "in parts")],
)
def test_how_the_image_comes_is_said(mode: str, words: str, planned: CodeReport) -> None:
    assert words in to_text(run_blocks(ran(planned, input_mode=mode)))


def test_code_that_was_not_measured_is_not_shown(planned: CodeReport) -> None:
    text = to_text(run_blocks(ran(planned, engine_bytes=None, table_bytes=None)))
    assert "engine" not in text


def test_a_reason_names_places_but_not_the_board_twice() -> None:
    problems = [
        {"where": "b", "what": "is broken", "hint": "", "kind": ""},
        {"where": "make", "what": "failed", "hint": "try again", "kind": ""},
    ]
    assert reason({"problems": problems}, "b") == "is broken; make: failed - try again"
    assert reason(NOTHING, "b") == ""
