"""./dev with a python3 that only pretends to install."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PYTHON = r"""#!/bin/sh
log=$(dirname "$0")/log
case "$*" in
*ensurepip*) test ! -f "$log.no-venv" ;;
*sys.exit*) ;;
"-m venv --clear "*)
    echo venv >>"$log"
    mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && ln -sf "$log" "$4/bin/log" ;;
"-m pip "*)
    echo pip >>"$(readlink -f "$log")"
    test ! -f "$(readlink -f "$log").no-pip" ;;
esac
"""


Result = subprocess.CompletedProcess[str]


class Project:
    """A copy of ./dev with nothing around it but pyproject.toml."""

    def __init__(self, root: Path, tools: Path) -> None:
        self.root, self.log = root, tools / "log"
        self.path = f"{tools}:{os.environ['PATH']}"

    def dev(self, *words: str, cwd: Path | None = None, **env: str) -> Result:
        return subprocess.run(
            [str(self.root / "dev"), *words],
            cwd=cwd or self.root,
            env={"PATH": self.path, "CC": "true", **env},
            capture_output=True,
            text=True,
        )

    def steps(self) -> str:
        """What was installed since the last question."""
        done = " ".join(self.log.read_text().split()) if self.log.exists() else ""
        self.log.unlink(missing_ok=True)
        return done


@pytest.fixture
def project(repo_root: Path, tmp_path: Path) -> Project:
    root, tools = tmp_path / "a project", tmp_path / "tools"
    root.mkdir()
    tools.mkdir()
    for name in ("dev", "pyproject.toml"):
        shutil.copy(repo_root / name, root / name)
    (tools / "python3").write_text(PYTHON)
    (tools / "python3").chmod(0o755)
    return Project(root, tools)


def test_usage(project: Project) -> None:
    done = project.dev()
    assert done.returncode == 2
    assert done.stderr.startswith("usage: ./dev COMMAND")
    assert project.dev("--help").stdout.startswith("usage: ./dev COMMAND")
    assert project.steps() == ""


def test_installs_once(project: Project) -> None:
    assert project.dev("true").returncode == 0
    assert project.steps() == "venv pip"
    done = project.dev("sh", "-c", 'echo "$PATH"; pwd; exit 7', cwd=project.root.parent)
    assert done.returncode == 7
    path, here = done.stdout.splitlines()
    assert path.startswith(f"{project.root}/.venv/bin:")
    assert here == str(project.root.parent)
    assert done.stderr == ""
    assert project.steps() == ""


def test_other_requirements_are_installed_on_top(project: Project) -> None:
    project.dev("true")
    project.steps()
    with (project.root / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    assert project.dev("true").returncode == 0
    assert project.steps() == "pip"
    project.dev("true")
    assert project.steps() == ""


def test_a_moved_project_starts_afresh(project: Project) -> None:
    project.dev("true")
    project.steps()
    project.root = project.root.rename(project.root.with_name("moved"))
    assert project.dev("true").returncode == 0
    assert project.steps() == "venv pip"


def test_a_failed_installation_is_not_taken_for_done(project: Project) -> None:
    fails = project.log.with_name("log.no-pip")
    fails.touch()
    done = project.dev("echo", "ran")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "dev: could not install the project (see above)" in done.stderr
    project.steps()
    fails.unlink()
    assert project.dev("true").returncode == 0
    assert project.steps() == "venv pip"


def test_says_what_is_missing(project: Project) -> None:
    project.log.with_name("log.no-venv").touch()
    done = project.dev("true", CC="no-such-compiler")
    assert done.returncode == 1
    assert "missing on this machine: python3-venv gcc libc6-dev" in done.stderr
    assert "sudo apt install python3-venv gcc libc6-dev" in done.stderr
    assert not (project.root / ".venv").exists()
