"""The one "did you mean": the known name that is closest to a wrong one."""

from __future__ import annotations

from collections.abc import Iterable


def closest(name: object, known: Iterable[object]) -> str | None:
    """The known name that is most like a wrong one; None if none is like it."""
    import difflib  # takes time to load, and a command without mistakes goes without

    names = [str(other) for other in known]
    by_case = {other.lower(): other for other in reversed(names)}
    found = difflib.get_close_matches(str(name).lower(), by_case, n=1)
    return by_case[found[0]] if found else None


def did_you_mean(name: object, known: Iterable[object], otherwise: str = "") -> str:
    """A hint that names the closest known name; `otherwise` where none is close."""
    close = closest(name, known)
    return f"did you mean {close}?" if close else otherwise
