"""Files that are made once, and never half: several processes may want the same at a time."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def make_once(target: Path, make: Callable[[Path], object]) -> None:
    """Has `make` write a file of another name, which becomes `target`; nothing if that is there.

    What `make` raises leaves no file.
    """
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    # each process writes its own, the last one renamed stays
    fresh = target.with_name(f"{target.name}.{os.getpid()}.new")
    try:
        make(fresh)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
