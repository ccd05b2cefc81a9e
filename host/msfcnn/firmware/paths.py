"""Paths that make can work with: a space separates two of them, and it knows no quotes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from msfcnn.errors import Problem, UsageError

_SPECIAL = re.compile(r"[\s:;#$%'\"`\\*?|&<>()]")


def for_make(path: Path, link: Path) -> Path:
    """The absolute path itself, or where make cannot work with that, a link to it."""
    absolute = path.absolute()
    if not _SPECIAL.search(str(absolute)):
        return absolute
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(absolute)
    fresh.replace(link)
    return link


def check_directories(named: Mapping[str, Path]) -> None:
    """Raises UsageError for directories, by what they are, that make cannot work in."""
    problems = [
        Problem(
            str(path),
            f"RIOT's make cannot work with {found[0]!r} in the path of {what}",
            "use a directory without spaces and special characters in its path",
        )
        for what, path in named.items()
        if (found := _SPECIAL.search(str(path.absolute())))
    ]
    if problems:
        raise UsageError(*problems)
