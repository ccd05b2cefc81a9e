"""What the tests of the engine share."""

from __future__ import annotations

from pathlib import Path

import pytest
from plan_programs import FLAGS

from msfcnn.toolchain.native import build_engine


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the engine's objects are kept, compiled once for all models."""
    return tmp_path_factory.mktemp("engine")


@pytest.fixture(scope="session")
def small_engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Likewise, compiled for size, which leaves shortcuts out."""
    directory = tmp_path_factory.mktemp("small-engine")
    build_engine(directory, (*FLAGS, "-Os"))
    return directory


@pytest.fixture(scope="session")
def fast_engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Likewise, without sanitizers."""
    return tmp_path_factory.mktemp("fast-engine")
