"""Notes about a model, which stop nothing, on the standard error stream."""

from __future__ import annotations

import sys
from collections.abc import Callable

from msfcnn.errors import ModelNote


class Notes:
    """Takes the place of warnings.showwarning: each note once, all other warnings as they were."""

    def __init__(self, others: Callable[..., None]) -> None:
        self._others = others
        self._told: set[str] = set()

    def __call__(self, message: Warning | str, *place: object, **more: object) -> None:
        """Shows a warning of Python."""
        if not isinstance(message, ModelNote):
            self._others(message, *place, **more)
        elif str(message) not in self._told:
            self._told.add(str(message))
            sys.stderr.write(f"note: {message}\n")
