"""Nightly runs on several boards at a time: one job at a place, places beside one another."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from nightly_runs import fake, settings_file

from msfcnn.firmware.process import run_bounded
from msfcnn.nightly.campaign import run_all
from msfcnn.nightly.history import History
from msfcnn.nightly.settings import Job, Settings, read_settings


def on_boards(
    tmp_path: Path, entries: str, names: str, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    (tmp_path / "boards.yaml").write_text(entries)
    monkeypatch.setenv("MSFCNN_BOARDS", str(tmp_path / "boards.yaml"))
    (tmp_path / "a.onnx").write_bytes(b"model")
    text = f"models: {{a: {{file: a.onnx}}, b: {{file: a.onnx}}}}\nboards: [{names}]\nkeep: k\n"
    return read_settings(settings_file(tmp_path, text))


def test_places_work_at_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = "nrf52840dk: {remote: {labgrid: p}, usb: null}\nrpi-pico: {usb: {serial: x}}\n"
    names = "host, native64, nrf52840dk, rpi-pico"
    settings = on_boards(tmp_path, entries, names, monkeypatch)
    places = {job.board.name: job.place for job in settings.jobs}
    assert places == {
        "host": "this computer",
        "native64": "this computer",
        "nrf52840dk": "labgrid p",
        "rpi-pico": "rpi-pico",
    }
    meeting, running, most = threading.Barrier(3), Counter[str](), Counter[str]()

    def execute(job: Job, model: Path, root: Path) -> Mapping[str, Any]:
        running[job.place] += 1
        most[job.place] = max(most[job.place], running[job.place])
        if job.board.name != "native64" and job.model.name == "a":
            meeting.wait(20)  # one of each place, or an error
        running[job.place] -= 1
        return fake()(job, model, root)

    report = run_all(settings, execute=execute)
    assert report.exit_code == 0
    assert dict(most) == dict.fromkeys(places.values(), 1)
    assert [verdict.job for verdict in report.verdicts] == [job.key for job in settings.jobs]
    assert len(History(settings.keep).runs) == 1


def test_ctrl_c_ends_jobs_of_all_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = "nrf52840dk: {remote: {labgrid: p}, usb: null}\n"
    settings = on_boards(tmp_path, entries, "host, nrf52840dk", monkeypatch)
    begun = threading.Event()

    def execute(job: Job, model: Path, root: Path) -> Mapping[str, Any]:
        if job.board.name == "host":
            begun.wait(20)
            raise KeyboardInterrupt
        begun.set()
        run_bounded([sys.executable, "-c", "import time; time.sleep(60)"], 60)
        return fake()(job, model, root)

    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_all(settings, execute=execute)
    assert time.monotonic() - begin < 30
    assert History(settings.keep).last().results == {}
