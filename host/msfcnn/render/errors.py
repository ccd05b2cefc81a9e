"""Problems as text: what is wrong, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from msfcnn.errors import Problem

MOST_ALIKE = 4  # nodes of which the same is said that are all named


def error_text(problems: Sequence[Problem], subject: str = "") -> str:
    """One problem in a line of its own, several as a list under a count; hints below each.

    subject: what the problems are in, such as the model's file. The text ends in a newline.
    """
    if len(problems) == 1:
        return _problem("error: ", problems[0])
    place = f" in {printable(subject)}" if subject else ""
    headline = f"error: {len(problems)} problems{place}\n"
    return headline + "".join(_problem("  - ", p) for p in grouped(problems, MOST_ALIKE))


def grouped(problems: Sequence[Problem], most: int = 1) -> list[Problem]:
    """One problem for all nodes of a kind of which the same is said, if these are over `most`.

    A network of 200 layers with an operator that is not supported would fill the screen. The
    first node is named, with how many more there are; the order is that of the first ones.
    """
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        key = (problem.kind, problem.what) if problem.kind else (problem.where, problem.what)
        groups.setdefault(key, []).append(problem)
    found: list[Problem] = []
    for group in groups.values():
        more = f" and {len(group) - 1} more"
        alike = [replace(group[0], where=group[0].where + more)]
        found += alike if len(group) > most else group
    return found


def printable(text: str) -> str:
    """The text with everything escaped that could play tricks on a terminal.

    Names of nodes come from files of others: an escape sequence in one could hide an error.
    """
    if text.isprintable():
        return text
    escaped = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return "".join(escaped)


def _problem(lead: str, problem: Problem) -> str:
    kind = f" ({problem.kind})" if problem.kind else ""
    where = f"{problem.where}{kind}: " if problem.where or kind else ""
    text = f"{lead}{printable(where + problem.what)}\n"
    if problem.hint:
        indent = " " * (len(lead) if lead.startswith(" ") else 2)
        text += f"{indent}hint: {printable(problem.hint)}\n"
    return text
