"""Nightly runs of nothing, for tests: results that are good, or changed where a test wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msfcnn.nightly.settings import Job, Settings, read_settings

BOARDS = ("host", "native64", "qemu-mps2-an386")
GOOD: Mapping[str, Any] = {
    "state": "passed",
    "reason": "",
    "outputs": ["0000002a", "00000007"],
    "ram": {"arena": 1000, "state": 100, "stack": 512, "static_rest": 90, "stack_used": 300},
    "ram_total": 1702,
    "flash": 9000,
    "macs": 10,
    "recompute_factor": 1.0,
    "time_us": 1000.0,
    "seconds": 1.5,
}


def settings_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "nightly.yaml"
    path.write_text(text)
    return path


def three_boards(tmp_path: Path) -> Settings:
    """A model `a` on BOARDS."""
    (tmp_path / "a.onnx").write_bytes(b"model")
    text = f"models: {{a: {{file: a.onnx}}}}\nboards: [{', '.join(BOARDS)}]\nkeep: kept\n"
    return read_settings(settings_file(tmp_path, text))


def fake(**changes: Mapping[str, Any]) -> Callable[[Job, Path, Path], Mapping[str, Any]]:
    """Runs nothing: good results, changed for the boards named."""

    def execute(job: Job, model: Path, root: Path) -> Mapping[str, Any]:
        change = changes.get(job.board.name.replace("-", "_"), {})
        result = {**GOOD, "model": job.model.name, "board": job.board.name, **change}
        return {**result, "ram": {**GOOD["ram"], **change.get("ram", {})}}

    return execute
