"""How converters report what they cannot do, so that one run names every unsupported node."""

from __future__ import annotations

from msfcnn.errors import Problem
from msfcnn.nodes.node import Node


class Unsupported(Exception):
    """A node that cannot be converted; the importer turns it into a Problem and goes on.

    node: the node to blame where it is not the one being converted.
    """

    def __init__(self, what: str, hint: str = "", node: Node | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.node = node

    def problem(self, current: Node) -> Problem:
        """This defect as a user sees it."""
        blamed = self.node or current
        return Problem(blamed.name, self.what, self.hint, blamed.kind)


class UnknowableError(Exception):
    """The node depends on one that was reported already; saying more would only mislead."""


class Log:
    """The problems found so far: one per node, in the order of the graph."""

    def __init__(self, nodes: tuple[Node, ...]) -> None:
        self._order = {node: i for i, node in enumerate(nodes)}
        self._found: dict[Node | Problem, Problem] = {}

    def add(self, problem: Problem, node: Node | None = None) -> None:
        """Notes a problem; the first one of a node is the one that counts."""
        self._found.setdefault(problem if node is None else node, problem)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, those of nodes in graph order and any others behind them."""
        last = len(self._order)
        keys = (key if isinstance(key, Node) else None for key in self._found)
        ranks = [last if key is None else self._order.get(key, last) for key in keys]
        ranked = sorted(zip(ranks, self._found.values(), strict=True), key=lambda pair: pair[0])
        return tuple(problem for _, problem in ranked)
