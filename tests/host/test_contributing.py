"""CONTRIBUTING.md: its recipes are commits of the history, its files and facts exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from msfcnn.ir import FACTS

SUBJECT = re.compile(r"\b[Cc]ommit\s+\*([^*]+)\*")


@pytest.fixture(scope="module")
def page(repo_root: Path) -> str:
    return (repo_root / "CONTRIBUTING.md").read_text()


def test_the_recipes_are_in_the_history(page: str, repo_root: Path) -> None:
    git = ["git", "-C", str(repo_root)]
    shallow = subprocess.run(
        [*git, "rev-parse", "--is-shallow-repository"], capture_output=True, text=True
    )
    if shallow.stdout.strip() != "false":
        pytest.skip("no git checkout with the whole history")
    log = subprocess.run([*git, "log", "--format=%s"], capture_output=True, text=True, check=True)
    named = [" ".join(subject.split()) for subject in SUBJECT.findall(page)]
    assert len(named) >= 5
    assert [subject for subject in named if subject not in log.stdout.splitlines()] == []


def test_the_files_are_there(page: str, repo_root: Path) -> None:
    paths = re.findall(r"`((?:host|tests|riot_pkg|docs|tools)/[\w./-]+\w)`", page)
    assert len(paths) > 15
    assert [path for path in paths if not (repo_root / path).exists()] == []


def test_the_facts_are_all_named(page: str) -> None:
    sentence = page.split("Its *facts*:")[1].split("A class that lacks one")[0]
    assert [fact for fact in FACTS if f"`{fact}`" not in sentence] == []
