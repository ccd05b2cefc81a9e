"""Cycles of processors: their data, and what plans and boards make of them."""

from __future__ import annotations

from pathlib import Path

import pytest

import msfcnn
from msfcnn.boards import load_boards
from msfcnn.cli import main
from msfcnn.costmodel import ASSUMED, cycles_of, known_cycles
from msfcnn.isa import MACHINES
from msfcnn.options import Options
from msfcnn.schedule import estimated_cycles

DIGITS = Path("apps") / "digits" / "digits.onnx"


def test_data_are_of_processors_that_can_be_counted() -> None:
    counted = {machine.processor for machine in MACHINES}
    for name, cycles in known_cycles().items():
        assert name in counted
        assert cycles.kind in ("RTL", "cycle model", "RTL and cycle model")
        assert all(1 <= ratio < 6 for ratio in (cycles.overall, cycles.engine))


def test_estimates_are_scaled_by_kernel(repo_root: Path) -> None:
    found = msfcnn.generate(repo_root / DIGITS, Options(isa="armv7e-m", core="cortex-m4"))
    schedule = found.schedule
    assumed = estimated_cycles(schedule, ASSUMED)
    assert assumed == pytest.approx(schedule.instructions * ASSUMED.overall, rel=1e-3)
    known = cycles_of("cortex-m4")
    lowest, highest = (
        pick([known.engine, known.overall, *known.kernels.values()]) for pick in (min, max)
    )
    modelled = estimated_cycles(schedule, known) / schedule.instructions
    assert lowest < modelled < highest


@pytest.mark.parametrize("board", ["hifive1b", "nrf52840dk", "nucleo-f767zi"])
def test_a_plan_says_whose_cycles_its_time_is_made_of(board: str, repo_root: Path) -> None:
    estimate = msfcnn.plan(repo_root / DIGITS, board=board).estimate
    found = load_boards()[board]
    assert (estimate.cycles_kind, estimate.cycles_basis) == (
        cycles_of(found.cycles).kind,
        cycles_of(found.cycles).basis,
    )
    assert found.clock is not None
    assert estimate.seconds == pytest.approx(estimate.cycles / found.clock)


@pytest.mark.parametrize("board", ["microbit", "hifive1b", "nrf52840dk", "nucleo-f767zi"])
def test_a_plan_names_the_wait_states_that_its_time_leaves_out(
    board: str, repo_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    states = load_boards()[board].flash_wait_states
    assert msfcnn.plan(repo_root / DIGITS, board=board).estimate.flash_wait_states == states
    assert main(["plan", str(repo_root / DIGITS), "--board", board]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert (f"{states} more for each word of flash" in said) == bool(states)
    assert ("word of flash" in said) == bool(states)


def test_only_the_processor_of_a_board_gives_it_cycles() -> None:
    for board in load_boards().values():
        if board.cycles == "cortex-m4":
            assert "Cortex-M4" in board.description
        if board.cycles == "fe310":
            assert board.riot == "hifive1b"


def test_the_command_names_the_kind_of_its_figures(
    repo_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", str(repo_root / DIGITS), "--board", "hifive1b"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "M cycles" in said
    assert "RTL and cycle model" in said
    assert "not measured on a board" in said
