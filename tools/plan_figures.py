"""Figures of many plans as JSON, one line each: to show that a change of the code changed no plan.

    python tools/plan_figures.py OUT.jsonl [NAME ...]       # run it before and after
    python tools/plan_figures.py --compare BEFORE.jsonl AFTER.jsonl

Networks: int8 models of $MSFCNN_MODELS or ../shared/models, and the zoo. For each, four bounds and
three kinds of input: arena, executed MACs, stages, estimated instructions and the digests of the
generated weights.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msfcnn
from msfcnn import zoo

BOUNDS = ((None, 1.0), (None, 1.2), (None, None), (24 * 1024, None))
INPUTS = ("image", "push", "pull")
EXACT = ("arena", "macs", "stages", "weights")
MODELS = Path(__file__).resolve().parents[2] / "shared" / "models"


def figures(path: Path, ram: int | None, macs: float | None, mode: str, isa: str) -> dict[str, Any]:
    """The figures of one plan, or the class of the error where there is none."""
    begin = time.process_time()
    try:
        options = msfcnn.Options(isa=isa, input=mode, max_ram=ram, max_macs=macs)
        found = msfcnn.generate(path, options, name="net")
    except msfcnn.MsfcnnError as error:
        return {"error": type(error).__name__}
    return {
        "arena": found.layout.peak_ram,
        "macs": found.schedule.macs,
        "stages": len(found.schedule.stages),
        "instructions": found.schedule.instructions,
        "weights": hashlib.sha256(found.sources["net_weights.c"].encode()).hexdigest()[:16],
        "seconds": round(time.process_time() - begin, 2),
    }


def networks(directory: Path, names: list[str]) -> list[Path]:
    """Models of $MSFCNN_MODELS, and those of the zoo, written to `directory`."""
    shared = Path(os.environ.get("MSFCNN_MODELS", MODELS))
    found = [p for p in sorted(shared.glob("*.onnx")) if not p.stem.endswith("_fp32")]
    for name in zoo.NAMES:
        path = directory / f"zoo-{name}.onnx"
        path.write_bytes(zoo.build(name).SerializeToString())
        found.append(path)
    return [p for p in found if not names or p.stem in names]


def write(target: Path, names: list[str]) -> None:
    """Append the figures of every network to `target`."""
    with tempfile.TemporaryDirectory() as directory, target.open("a") as lines:
        for path in networks(Path(directory), names):
            for ram, macs in BOUNDS:
                for mode in INPUTS:
                    isa = "armv7e-m" if mode == "image" else "generic"
                    key = f"{path.stem} ram={ram} macs={macs} {mode}"
                    row = {"key": key, **figures(path, ram, macs, mode, isa)}
                    lines.write(json.dumps(row) + "\n")
                    lines.flush()


def compare(before: Path, after: Path) -> int:
    """Print what differs; the number of differences."""
    old, new = (
        {row["key"]: row for row in map(json.loads, path.read_text().splitlines())}
        for path in (before, after)
    )
    differing = 0
    for key in sorted(old.keys() | new.keys()):
        a, b = old.get(key, {}), new.get(key, {})
        changed = [f for f in (*EXACT, "error") if a.get(f) != b.get(f)]
        differing += bool(changed)
        if changed:
            print(key, {f: (a.get(f), b.get(f)) for f in changed})
    both = [k for k in old if "seconds" in old[k] and "seconds" in new.get(k, {})]
    times = [sum(rows[k]["seconds"] for k in both) for rows in (old, new)]
    print(f"{len(old)} plans before, {len(new)} after, {differing} differ; CPU s {times}")
    return differing


if __name__ == "__main__":
    if sys.argv[1] == "--compare":
        sys.exit(bool(compare(Path(sys.argv[2]), Path(sys.argv[3]))))
    write(Path(sys.argv[1]), sys.argv[2:])
