"""What ops have in common: one or two inputs, and the check that a class has all its facts.

The facts themselves are declared by msfcnn.ir.Op. An op of any number of inputs (Concat) derives
from Op directly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from msfcnn.ir import FACTS, Op

REGISTERED: list[type[Op]] = []


def register(op: type[Op]) -> type[Op]:
    """Class decorator: the class is an op of the product; `check` looks at it later."""
    REGISTERED.append(op)
    return op


def check(op: type[Op]) -> None:
    """Raises TypeError, which names class and facts, for a class that lacks any of FACTS.

    A declaration in Op itself does not count. `abstractmethod` alone would complain only when the
    first such op is made, and not of `importers`, which is no method.
    """
    missing = [
        f"{fact} ({purpose})"
        for fact, purpose in FACTS.items()
        if not any(fact in vars(base) for base in op.__mro__ if base is not Op)
    ]
    if missing:
        raise TypeError(f"the op {op.__name__} lacks {', '.join(missing)}")


@dataclass(frozen=True)
class Unary(Op):
    """An op that reads one tensor.

    input, output: indices into Model.tensors; UNSET (msfcnn.nodes) while the op is a draft.
    """

    node: str
    input: int
    output: int

    @property
    def inputs(self) -> tuple[int, ...]:
        """Indices of the tensors read."""
        return (self.input,)

    def rewired(self, new: Mapping[int, int]) -> Op:
        """The op on tensors with other indices."""
        return replace(self, input=new[self.input], output=new[self.output])


@dataclass(frozen=True)
class Binary(Op):
    """An op that reads two tensors, which may be the same.

    left, right, output: as of Unary. Passes keep the order of the two, which Sub depends on.
    """

    node: str
    left: int
    right: int
    output: int

    @property
    def inputs(self) -> tuple[int, ...]:
        """Indices of the tensors read."""
        return (self.left, self.right)

    def rewired(self, new: Mapping[int, int]) -> Op:
        """The op on tensors with other indices."""
        left, right = new[self.left], new[self.right]
        return replace(self, left=left, right=right, output=new[self.output])
