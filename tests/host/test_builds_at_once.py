"""Two builds of one directory wait for each other; Ctrl-C ends all that was started, at once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from msfcnn.firmware.exclusive import alone_in, is_taken
from msfcnn.firmware.parallel import run_parallel
from msfcnn.firmware.process import Stopped, run_bounded

BOARDS = ("native64", "native32")
# goals of RIOT's make that a build asks for; the others take a minute
MAKEFILE = """
info-debug-variable-MSFCNN_MODEL:
\t@echo $(MSFCNN_MODEL)
%:
\t@sleep 60 & echo $$! >$(BINDIRBASE).sleeper; wait
"""


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are ended after the test."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def msfcnn(*words: str | Path, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "msfcnn", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
        start_new_session=True,
        # a shell that runs the tests in the background lets them ignore it, and what they start
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def test_a_second_build_waits_for_the_first(
    repo_root: Path, tmp_path: Path, processes: list[subprocess.Popen[str]]
) -> None:
    model = repo_root / "apps/digits/digits.onnx"
    directory = tmp_path / "host" / "digits"
    with alone_in(directory):
        build = msfcnn("build", model, "--root", tmp_path, "--max-ram", "7K", "--json")
        processes.append(build)
        assert build.stderr is not None
        assert "waiting for another build in" in build.stderr.readline()
        time.sleep(1.0)
        assert build.poll() is None
        assert not directory.exists()
    out, _ = build.communicate(timeout=120)
    assert build.returncode == 0
    assert json.loads(out)["planned"]["peak_ram"] <= 7 * 1024
    assert not is_taken(directory)


def test_a_directory_can_be_kept_twice_by_whoever_has_it(tmp_path: Path) -> None:
    with alone_in(tmp_path / "b"), alone_in(tmp_path / "b"):
        assert is_taken(tmp_path / "b")
    assert not is_taken(tmp_path / "b")


def test_a_directory_that_the_caller_keeps_for_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with alone_in(tmp_path / "b"):
        entered = threading.Event()

        def enter() -> None:
            with alone_in(tmp_path / "b"):
                entered.set()

        monkeypatch.setenv("MSFCNN_HELD", str(tmp_path / "b"))
        thread = threading.Thread(target=enter, daemon=True)
        thread.start()
        thread.join(10)
        assert entered.is_set()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_build_for_several_boards_at_once(
    sent: signal.Signals,
    repo_root: Path,
    tmp_path: Path,
    require_tool: Callable[[str], str],
    processes: list[subprocess.Popen[str]],
) -> None:
    require_tool("make")
    riot, application, root = (tmp_path / name for name in ("riot", "app", "build"))
    for directory in (riot, application, root):
        directory.mkdir()
    (riot / "Makefile.include").touch()
    (application / "Makefile").write_text(MAKEFILE)
    words = ["build", repo_root / "apps/digits/digits.onnx", "--board", ",".join(BOARDS)]
    words += ["--app", application, "--root", root]
    build = msfcnn(*words, env={"RIOTBASE": str(riot)})
    processes.append(build)
    sleepers = [root / board / "digits-app" / "bin.sleeper" for board in BOARDS]
    deadline = time.monotonic() + 60
    while not all(s.is_file() and s.read_text().strip() for s in sleepers):
        assert time.monotonic() < deadline
        assert build.poll() is None, build.communicate()
        time.sleep(0.1)
    begin = time.monotonic()
    os.killpg(build.pid, sent)
    out, err = build.communicate(timeout=30)
    assert time.monotonic() - begin < 8
    assert build.returncode == 128 + sent
    assert "Traceback" not in out + err
    deadline = time.monotonic() + 5
    pids = [int(sleeper.read_text()) for sleeper in sleepers]
    while any(map(runs, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(runs, pids))


def runs(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def test_tasks_keep_their_order_and_a_defect_comes_through() -> None:
    assert run_parallel([3, 1, 2], lambda x: x * x, parallel=2) == (9, 1, 4)

    def work(task: str) -> None:
        if task == "bad":
            raise ValueError(task)
        run_bounded(["sleep", "60"], 90)

    begin = time.monotonic()
    with pytest.raises(ValueError, match="bad"):
        run_parallel(["sleep", "bad", "sleep"], work, parallel=2)
    assert time.monotonic() - begin < 8


def test_what_a_program_writes_at_its_very_end_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A busy computer: it is waited for output in vain, then the program writes and ends."""
    poll = subprocess.Popen.poll

    def late(process: subprocess.Popen[bytes]) -> int | None:
        time.sleep(0.5)
        return poll(process)

    monkeypatch.setattr(subprocess.Popen, "poll", late)
    done = run_bounded(["sh", "-c", "sleep 0.4; echo value"], 10)
    assert (done.code, done.output) == (0, "value\n")


def test_no_program_is_begun_once_builds_are_to_end(tmp_path: Path) -> None:
    seen: list[BaseException] = []
    both = threading.Barrier(2)

    def work(task: int) -> None:
        both.wait(10)
        if task == 0:
            raise KeyError
        try:
            time.sleep(0.5)
            run_bounded(["touch", str(tmp_path / "begun")], 10)
        except Stopped as stopped:
            seen.append(stopped)
            raise

    with pytest.raises(KeyError):
        run_parallel([0, 1], work, parallel=2)
    assert seen
    assert not (tmp_path / "begun").exists()


@pytest.mark.skipif(not shutil.which("scons"), reason="scons not found: ./dev installs it")
def test_two_scons_at_once_report_their_own_plans(repo_root: Path, tmp_path: Path) -> None:
    for name in ("SConstruct", "host", "apps", "riot_pkg"):
        (tmp_path / name).symlink_to(repo_root / name)
    limits = ("7K", "64K")
    both = [
        subprocess.Popen(
            ["scons", "-Q", f"ram={ram}"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for ram in limits
    ]
    texts = [process.communicate(timeout=240)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], texts
    peaks = [int(_peak(text).replace(",", "")) for text in texts]
    assert peaks[0] <= 7 * 1024 < peaks[1]


def _peak(text: str) -> str:
    """The last line about it is that of the program that was run."""
    return [line.split()[2] for line in text.splitlines() if line.startswith("peak RAM")][-1]
