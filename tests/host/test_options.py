"""What may be asked of a plan, and how long a model may take."""

from __future__ import annotations

import contextlib
import math
import signal
import threading
import time

import pytest

from msfcnn.errors import UsageError
from msfcnn.options import INPUTS, MOST_RUN, SCHEMES, Options
from msfcnn.time_limit import OutOfTimeError, time_limit


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({"max_ram": 0}, "max_ram"),
        ({"max_ram": -4096}, "max_ram"),
        ({"max_macs": 0.99}, "max_macs"),
        ({"max_macs": math.nan}, "max_macs"),
        ({"max_time_factor": 0.0}, "max_time_factor"),
        ({"max_macs": 1.2, "max_time_factor": 1.2}, "max_macs, max_time_factor"),
        ({"run": 0}, "run"),
        ({"run": MOST_RUN + 1}, "run"),
        ({"run": 2.5}, "run"),
        ({"input": "pushed"}, "input"),
        ({"schemes": "papers"}, "schemes"),
    ],
)
def test_what_cannot_be_asked_is_named(asked: dict[str, object], where: str) -> None:
    with pytest.raises(UsageError) as caught:
        Options(**asked)  # type: ignore[arg-type]
    assert [problem.where for problem in caught.value.problems] == [where]
    assert caught.value.problems[0].hint


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        Options(max_ram=0, max_macs=0.5, run=99, input="pul", schemes="x")
    wrong = [problem.where for problem in caught.value.problems]
    assert wrong == ["max_ram", "max_macs", "run", "input", "schemes"]
    assert caught.value.problems[3].hint == "did you mean pull?"
    assert caught.value.problems[4].hint == "there are all, paper"


@pytest.mark.parametrize("given", INPUTS)
def test_every_input_can_be_asked_for(given: str) -> None:
    assert Options(input=given).input == given


@pytest.mark.parametrize("schemes", SCHEMES)
def test_every_plan_space_can_be_asked_for(schemes: str) -> None:
    assert Options(schemes=schemes).schemes == schemes


@pytest.mark.parametrize(
    "asked",
    [{"max_ram": 1}, {"max_macs": 1.0}, {"max_macs": math.inf}, {"max_time_factor": 1.0}],
)
def test_bounds_at_their_ends(asked: dict[str, object]) -> None:
    assert Options(**asked).bounded  # type: ignore[arg-type]


def test_without_a_bound() -> None:
    assert not Options().bounded
    assert not Options(run=MOST_RUN, isa="armv7e-m", input="push").bounded


def test_options_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Options().run = 4  # type: ignore[misc]


# --- a limit of time ---


def test_what_takes_too_long_is_ended() -> None:
    begin = time.monotonic()
    with pytest.raises(OutOfTimeError), time_limit(0.05):
        time.sleep(10)
    assert time.monotonic() - begin < 5


def test_nobody_on_the_way_takes_it_for_an_error_of_his_own() -> None:
    def careless() -> None:
        with contextlib.suppress(Exception):
            time.sleep(10)

    with pytest.raises(OutOfTimeError), time_limit(0.05):
        careless()


def test_what_ends_in_time_is_left_alone() -> None:
    with time_limit(30):
        pass
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_errors_come_through_and_the_clock_stops() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(KeyError), time_limit(30):
        raise KeyError
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    assert signal.getsignal(signal.SIGALRM) is before


def test_zero_is_no_limit() -> None:
    with time_limit(0):
        assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_in_a_thread_there_is_no_limit() -> None:
    done = []

    def work() -> None:
        with time_limit(0.01):
            time.sleep(0.05)
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done
