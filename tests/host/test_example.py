"""docs/example.md: its blocks are run, and what they show is what they print."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest


def test_the_example_shows_what_its_code_prints(
    repo_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo_root)
    found = doctest.testfile(str(repo_root / "docs" / "example.md"), module_relative=False)
    assert found.attempted > 25
    assert found.failed == 0
