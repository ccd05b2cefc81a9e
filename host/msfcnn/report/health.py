"""What is installed for msfcnn and what is missing, as plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Need:
    """Something that a part of msfcnn needs.

    purpose: what it is for. found: where it is, or its version; empty if it is missing.
    install: the command that installs it, or what to do.
    """

    name: str
    purpose: str
    found: str
    install: str


@dataclass(frozen=True, kw_only=True)
class BoardHealth:
    """A board, with what it lacks to be built for and run; `missing` is empty if nothing."""

    board: str
    missing: tuple[Need, ...]


@dataclass(frozen=True, kw_only=True)
class Health:
    """Everything that was looked for."""

    needs: tuple[Need, ...]
    boards: tuple[BoardHealth, ...]
