"""Collects what RIOT and the engine take on each board, from programs that `msfcnn build` made.

    msfcnn build apps/digits/digits.onnx --board all
    python tools/survey_boards.py apps/digits/digits.onnx --builds build

Writes host/msfcnn/firmware/survey.json, which `msfcnn report` uses where nothing has been built.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msfcnn
from msfcnn.boards import Board, load_boards
from msfcnn.files import write_atomically
from msfcnn.firmware.trial import IMAGES

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "host" / "msfcnn" / "firmware" / "survey.json"


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", type=Path, help="the models that were built")
    parser.add_argument("--builds", type=Path, default=Path("build"), help="what build called root")
    args = parser.parse_args()
    layers = {found.model.sha256: found.totals.layers for found in map(msfcnn.inspect, args.models)}
    builds = [json.loads(path.read_text()) for path in args.builds.glob("*/*/build.json")]
    known = [b for b in builds if b.get("tally") and b["planned"]["model"]["sha256"] in layers]
    boards = load_boards()
    found = {
        name: _board(boards, name, [b for b in known if b["application"] == "bench"], layers)
        for name in sorted({b["board"] for b in known} & set(boards))
        if boards[name].runner != "host"
    }
    write_atomically(FILE, json.dumps({"boards": found}, indent=1) + "\n")
    sys.stdout.write(f"{len(found)} boards in {FILE}\n")
    return 0


def _board(
    boards: Mapping[str, Board], name: str, builds: Sequence[Any], layers: Mapping[str, int]
) -> Mapping[str, int]:
    """The board's own figures, and the largest engine that was built for its kind of processor."""
    alike = [b["tally"] for b in builds if _kind(boards, b["board"]) == _kind(boards, name)]
    own = [b for b in builds if b["board"] == name]
    per_op = [b["tally"]["tables"] / layers[b["planned"]["model"]["sha256"]] for b in own]
    stored = {b["planned"]["model"]["sha256"]: IMAGES * b["planned"]["input_bytes"] for b in own}
    rest = [b["tally"]["flash_rest"] - stored[b["planned"]["model"]["sha256"]] for b in own]
    return {
        "engine": max(t["engine"] for t in alike),
        "table_per_op": round(max(per_op)),
        "flash_rest": max(rest),
        **{key: max(b["tally"][key] for b in own) for key in ("state", "stack", "static_rest")},
    }


def _kind(boards: Mapping[str, Board], name: str) -> tuple[str, str | None, str]:
    board = boards[name]
    return board.isa, board.core, "native" if board.runner in ("host", "native") else "board"


if __name__ == "__main__":
    sys.exit(main())
