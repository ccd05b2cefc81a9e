"""Where the files are that belong to msfcnn but are not Python: boards.yaml, riot_pkg, apps."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "data"  # filled when a wheel is built, see pyproject.toml

INSTALLED = _INSTALLED.is_dir()
"""Whether this runs from an installed package, not from a checkout."""

ROOT = _INSTALLED if INSTALLED else _PACKAGE.parents[1]
"""The directory that holds boards.yaml, riot_pkg and apps."""
