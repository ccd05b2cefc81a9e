"""Nightly through a real labgrid coordinator: four emulated boards at two exporters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from msfcnn.boards import load_boards

pytest.importorskip("labgrid")
from lab import Lab, open_lab, wait

EXPORTERS = {
    "lab-a": ("native64", "hifive1b", "qemu-mps2-an386"),
    "lab-b": ("qemu-microbit",),
}
_KEYS = (
    "description",
    "isa",
    "core",
    "riot",
    "ram",
    "flash",
    "default_max_ram",
    "emulator",
    "time_scale",
)
_NATIVE = {"ram": "4096K", "flash": "4096K"}  # a board at a serial port has some

pytestmark = pytest.mark.long


@pytest.fixture
def lab(tmp_path: Path, riot: Path) -> Iterator[Lab]:
    known = load_boards()
    exporters = {
        exporter: {
            f"lab-{name}": {
                **_NATIVE,
                **{key: value for key in _KEYS if (value := asdict(known[name])[key]) is not None},
            }
            for name in names
        }
        for exporter, names in EXPORTERS.items()
    }
    found = open_lab(tmp_path, exporters)
    yield found
    found.close()


def begin_night(lab: Lab, model: Path) -> subprocess.Popen[str]:
    boards = ", ".join(f"lab-{name}" for names in EXPORTERS.values() for name in names)
    text = f"models: {{digits: {{file: {model}}}}}\nboards: [{boards}]\nkeep: kept\n"
    (lab.directory / "nightly.yaml").write_text(text)
    command = [sys.executable, "-m", "msfcnn", "nightly", "nightly.yaml", "--json"]
    with (lab.directory / "nightly.err").open("w") as errors:
        return subprocess.Popen(
            command,
            cwd=lab.directory,
            env=lab.env,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )


def end_night(night: subprocess.Popen[str]) -> tuple[int, dict[str, Any]]:
    out, _ = night.communicate(timeout=900)
    jobs = {job["job"].partition("/")[2]: job for job in json.loads(out)["jobs"]}
    return night.returncode, jobs


def test_all_boards_pass_at_the_same_time(lab: Lab, repo_root: Path) -> None:
    code, jobs = end_night(begin_night(lab, repo_root / "apps/digits/digits.onnx"))
    assert {name: job["state"] for name, job in jobs.items()} == dict.fromkeys(jobs, "new")
    assert (code, len(jobs)) == (0, 4)
    results = [job["result"] for job in jobs.values()]
    assert len({result["place"] for result in results}) == 4
    for one, other in combinations(results, 2):  # all of them are on their way together
        assert one["began"] < other["ended"]
        assert other["began"] < one["ended"]
    assert len({tuple(result["outputs"]) for result in results}) == 1
    history = (lab.directory / "kept" / "history.jsonl").read_text().splitlines()
    events = [json.loads(line)["event"] for line in history]
    assert (events.count("begin"), events.count("result"), events.count("end")) == (1, 4, 1)
    assert all(
        "acquired: None" in lab.client("-p", r["place"].split()[1], "show").stdout for r in results
    )


def test_an_exporter_that_is_killed_costs_its_own_job(lab: Lab, repo_root: Path) -> None:
    night = begin_night(lab, repo_root / "apps/digits/digits.onnx")
    wait(lambda: "flashed" in lab.log("lab-qemu-microbit") or night.poll() is not None, "it", 900)
    lab.kill("lab-b")
    code, jobs = end_night(night)
    lost = jobs.pop("lab-qemu-microbit")
    assert lost["state"] == "failed"
    (reason,) = lost["reasons"]
    assert "labgrid place place-lab-qemu-microbit: its exporter lab-b is gone" in reason
    assert {name: job["state"] for name, job in jobs.items()} == dict.fromkeys(jobs, "new")
    assert code == 5


def test_a_place_that_somebody_has(lab: Lab, repo_root: Path) -> None:
    place = "place-lab-native64"
    assert lab.client("-p", place, "acquire").returncode == 0
    entries = (lab.directory / "boards.yaml").read_text()
    changed = entries.replace("lab-native64:\n", "lab-native64:\n  timeout: {place: 5}\n")
    (lab.directory / "boards.yaml").write_text(changed)
    model = str(repo_root / "apps/digits/digits.onnx")
    command = [sys.executable, "-m", "msfcnn", "test", model, "--board", "lab-native64"]
    done = subprocess.run(
        command, cwd=lab.directory, env=lab.env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 5
    assert f"labgrid place {place} was not free within 5 s" in done.stderr
    assert f"{os.uname().nodename}/" in lab.client("-p", place, "show").stdout  # still theirs
