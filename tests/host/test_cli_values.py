"""Sizes, factors, and files that are written whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from msfcnn.errors import UsageError
from msfcnn.files import write_all, write_atomically
from msfcnn.sizes import parse_factor, parse_size
from msfcnn.suggest import did_you_mean


@pytest.mark.parametrize(
    ("text", "size"),
    [
        *[("16K", 16384), ("16k", 16384), ("16KB", 16384), ("16KiB", 16384), ("16 K", 16384)],
        *[("20480", 20480), ("20480B", 20480), ("1M", 1048576), ("1.5K", 1536), ("1", 1)],
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "K", "0", "-1", "1.5", "16G", "16ib", "1e3", "٣", "1,5K", "9" * 400]
)
def test_what_is_not_a_size(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_size(text, "--max-ram")
    assert caught.value.problems[0].where == "--max-ram"
    assert "20480, 16K or 1M" in caught.value.problems[0].hint


@pytest.mark.parametrize(("text", "factor"), [("1", 1.0), ("1.25", 1.25), ("inf", float("inf"))])
def test_factors(text: str, factor: float) -> None:
    assert parse_factor(text) == factor


@pytest.mark.parametrize("text", ["", "0.99", "nan", "-inf", "1,2", "x"])
def test_what_is_not_a_factor(text: str) -> None:
    with pytest.raises(UsageError, match="is not a recompute factor"):
        parse_factor(text)


def test_writes_and_makes_directories(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    assert write_all(out, {"x": "text\n", "y": b"\0"}) == (out / "x", out / "y")
    assert (out / "x").read_bytes() == b"text\n"
    assert sorted(p.name for p in out.iterdir()) == ["x", "y"]


def test_unchanged_files_keep_their_time(tmp_path: Path) -> None:
    write_all(tmp_path, {"x": "1", "y": "2"})
    before = (tmp_path / "x").stat().st_mtime_ns
    assert write_all(tmp_path, {"x": "1", "y": "3"}) == (tmp_path / "y",)
    assert (tmp_path / "x").stat().st_mtime_ns == before
    assert not write_atomically(tmp_path / "x", "1")


def test_nothing_is_replaced_when_one_file_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("old")
    (tmp_path / "y").mkdir()
    with pytest.raises(UsageError, match="y: cannot be written: is a directory"):
        write_all(tmp_path, {"x": "new", "y": "new"})
    assert (tmp_path / "x").read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x", "y"]


def test_unwritable_places_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written: ") as caught:
        write_all(tmp_path / "file" / "gen", {"x": ""})
    assert caught.value.problems[0].where == str(tmp_path / "file" / "gen")
    assert "is a file, not a directory" in caught.value.problems[0].hint
    with pytest.raises(UsageError) as caught:
        write_atomically(tmp_path / "none" / "x", "")
    assert caught.value.problems[0].hint == f"make the directory {tmp_path / 'none'} first"


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_atomically(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_devices_are_written_to_not_replaced() -> None:
    write_atomically(Path("/dev/null"), "gone")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_suggestions() -> None:
    assert did_you_mean("plam", ("plan", "pareto")) == "did you mean plan?"
    assert did_you_mean("Native64", ("host", "native64")) == "did you mean native64?"
    assert did_you_mean("nucleo-F767zi", ("nucleo-f767zi",)) == "did you mean nucleo-f767zi?"
    assert did_you_mean(7, ("plan",), "there is plan") == "there is plan"
