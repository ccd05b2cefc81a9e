"""The emulated boards of this project: time, FPU and end of the emulation."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest
from riot_build import App

TIMER = Path(__file__).with_name("timer")
LATE = 100  # microseconds: what waking up may take


@pytest.mark.long
@pytest.mark.parametrize("name", ["qemu-mps2-an386", "qemu-mps2-an500"])
def test_sleeps_as_long_as_asked(name: str, make_app: Callable[..., App]) -> None:
    app = make_app(TIMER, name)
    app.build()
    with app.terminal(timeout=60) as child:
        child.expect(r"(?<=\n)end\r?\n")
        output = child.before
        child.expect(pexpect.EOF)  # pm_off() ends QEMU
    assert "a third of 3000000: 1000000" in output
    sleeps = [tuple(map(int, m)) for m in re.findall(r"asked (\d+) slept (\d+)\r?\n", output)]
    assert len(sleeps) > 5
    assert all(asked <= slept <= asked + LATE for asked, slept in sleeps), sleeps
    assert max(asked for asked, _ in sleeps) > 2**32 / 25, "no sleep takes several laps"
