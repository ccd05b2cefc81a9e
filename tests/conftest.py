"""Where things are, and what to do about what is not there."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

# a run for a change must not depend on luck; runs by hand keep searching
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")

REPO_ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options must be known before tests/riot is looked at."""
    parser.addoption(
        "--boards", default="", help="boards for tests/riot, by commas (default: all emulated ones)"
    )


# How to get a tool; what is not listed is a Debian package of the same name.
_GET = {
    "mypy": "run the tests with ./dev pytest",
    "ruff": "run the tests with ./dev pytest",
    "scons": "run the tests with ./dev pytest",
    "arm-none-eabi-gcc": "apt install gcc-arm-none-eabi",
    "riscv64-unknown-elf-gcc": "apt install gcc-riscv64-unknown-elf",
    "xtensa-lx106-elf-gcc": "apt install gcc-xtensa-lx106",
    "qemu-system-riscv32": "apt install qemu-system-misc",
    "qemu-system-xtensa": "apt install qemu-system-misc",
}


@pytest.fixture(scope="session")
def repo_root() -> Path:
    return REPO_ROOT


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """The directory of test networks, which are no part of the repository."""
    path = Path(os.environ.get("MSFCNN_MODELS", REPO_ROOT.parent / "shared" / "models"))
    if not path.is_dir():
        pytest.skip("test networks not found: set MSFCNN_MODELS to the directory that holds them")
    return path


@pytest.fixture(scope="session")
def require_tool() -> Callable[[str], str]:
    """A function: the path of a program, or a skip that says how to get it."""

    def find(name: str) -> str:
        beside = Path(sys.executable).with_name(name)  # programs of our own environment
        found = str(beside) if beside.is_file() else shutil.which(name)
        if found is None:
            pytest.skip(f"{name} not found: {_GET.get(name, f'apt install {name}')}")
        return found

    return find
