"""Files that are made once and never half, by several processes at the same time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from msfcnn.toolchain.once import make_once

RACE = """
import os, sys, time
from pathlib import Path
from msfcnn.toolchain.once import make_once

def slowly(path):
    with path.open("w") as file:
        for _ in range(20):
            file.write("x" * 1000)
            file.flush()
            time.sleep(0.002)

target = Path(sys.argv[1])
make_once(target, slowly)
assert len(target.read_text()) == 20000, "a file that is there is whole"
"""


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "object.o"
    make_once(target, lambda path: path.write_text("first"))
    make_once(target, lambda path: pytest.fail(f"{path} was made again"))
    assert target.read_text() == "first"
    assert [entry.name for entry in target.parent.iterdir()] == ["object.o"]


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def fails(path: Path) -> None:
        path.write_text("half")
        raise RuntimeError("the compiler gave up")

    with pytest.raises(RuntimeError, match="gave up"):
        make_once(tmp_path / "object.o", fails)
    assert not list(tmp_path.iterdir())
    make_once(tmp_path / "object.o", lambda path: path.write_text("whole"))
    assert (tmp_path / "object.o").read_text() == "whole"


def test_a_file_is_not_seen_before_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "object.o"

    def looks(path: Path) -> None:
        path.write_text("half")
        assert not target.exists()

    make_once(target, looks)
    assert target.exists()


def test_processes_that_make_the_same_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    target = tmp_path / "object.o"
    command = [sys.executable, "-c", RACE, str(target)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [(process.communicate()[1], process.returncode) for process in running] == [("", 0)] * 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["object.o"]
