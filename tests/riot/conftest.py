"""RIOT and the boards: what is not there is skipped by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from riot_build import DEFAULT_BOARDS, GET_RIOT, App, Board, find_board, missing, riot_base


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that take a board run on all of --boards."""
    if "board" in metafunc.fixturenames:
        names = (metafunc.config.getoption("--boards") or DEFAULT_BOARDS).split(",")
        boards = [find_board(name) for name in names if name]
        metafunc.parametrize("board", boards, ids=[board.name for board in boards])


@pytest.fixture(scope="session")
def riot() -> Path:
    base = riot_base()
    if base is None:
        pytest.skip(f"RIOT not found: {GET_RIOT}")
    return base


@pytest.fixture
def make_app(riot: Path, tmp_path: Path) -> Callable[..., App]:
    """A function: an application for a board, to be built below tmp_path."""

    def make(directory: Path, board: Board | str = "native64", **settings: str) -> App:
        found = board if isinstance(board, Board) else find_board(board)
        why = missing(found)
        if why:
            pytest.skip(why)
        values: Mapping[str, str] = settings
        return App(directory, found, riot, tmp_path / "bin", values)

    return make
