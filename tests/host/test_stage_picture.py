"""The picture of a stage in docs/plan.md is what the planner finds today."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType


def tool(repo_root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "stage_picture", repo_root / "tools" / "stage_picture.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_is_today_s(repo_root: Path) -> None:
    drawing = tool(repo_root)
    stage = drawing.largest_stage()
    made = drawing.picture(stage)
    assert made == (repo_root / "docs" / "graph_stage.svg").read_text(), (
        "python tools/stage_picture.py docs/graph_stage.svg"
    )
    readers = [t for step in stage.edge.steps for t in step.inputs()]
    assert any(readers.count(t) > 1 for t in stage.cost.windows), "it shows no branch"
    assert made.count('class="op"') + made.count('class="end"') == len(stage.edge.steps)
