"""What the tests of the engine share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the engine's objects are kept, compiled once for all models."""
    return tmp_path_factory.mktemp("engine")


@pytest.fixture(scope="session")
def fast_engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Likewise, without sanitizers."""
    return tmp_path_factory.mktemp("fast-engine")
