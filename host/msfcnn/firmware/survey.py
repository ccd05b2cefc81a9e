"""What RIOT and the engine take on each board, from builds that were made once (survey.json).

tools/survey_boards.py writes the file. It stands in for a build where none was made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("survey.json")


@dataclass(frozen=True, kw_only=True)
class Surveyed:
    """Bytes that a program with apps/bench takes beside the network.

    engine:        the largest that was seen: it depends on the kernels that a network needs.
    table_per_op:  of the generated tables, the largest that was seen.
    flash_rest:    RIOT and the application, without the images that it stores.
    state, stack, static_rest: RAM of the engine's context, of all stacks, of everything else.
    """

    engine: int
    table_per_op: int
    flash_rest: int
    state: int
    stack: int
    static_rest: int


@cache
def surveyed() -> Mapping[str, Surveyed]:
    """By the board's name; boards that could not be built when it was made are missing."""
    entries = json.loads(_FILE.read_text(encoding="utf-8"))["boards"]
    return {name: Surveyed(**entry) for name, entry in entries.items()}
