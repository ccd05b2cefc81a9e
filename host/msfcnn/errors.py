"""The errors a user can meet. They carry data; only the command line prints them.

Each class stands for one exit code, so that scripts can tell a bad model from a bad command.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

SUCCESS = 0


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong and what the user can do about it.

    where: the node as Netron shows it, the file, the board or the option.
    what:  what is wrong there, in one sentence without a full stop.
    hint:  what to do about it; empty if there is nothing sensible to say.
    kind:  the ONNX operator type of a node, otherwise empty.
    """

    where: str
    what: str
    hint: str = ""
    kind: str = ""


class MsfcnnError(Exception):
    """Base of all errors that are the user's to mend; holds every problem found at once."""

    exit_code: ClassVar[int] = 1

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{p.where}: {p.what}" for p in problems))
        self.problems: tuple[Problem, ...] = problems


class ModelError(MsfcnnError):
    """The model cannot be read, is not supported or contradicts itself."""

    exit_code = 1


class UsageError(MsfcnnError):
    """An option, an argument or a path of the command is wrong."""

    exit_code = 2


class InfeasibleError(MsfcnnError):
    """No plan satisfies the bound.

    best_ram:    the smallest peak RAM in bytes that is possible.
    binding_ops: the nodes of the stage that needs so much.
    """

    exit_code = 3

    def __init__(self, *problems: Problem, best_ram: int) -> None:
        super().__init__(*problems)
        self.best_ram = best_ram
        self.binding_ops: tuple[str, ...] = ()


class MismatchError(MsfcnnError):
    """Generated code, reference and onnxruntime do not agree."""

    exit_code = 4


class BoardError(MsfcnnError):
    """The board is unknown, or its toolchain or RIOT is missing or failed."""

    exit_code = 5


class AbsentError(BoardError):
    """The board, its toolchain or RIOT is not there; nothing says that it would not work."""


class ModelNote(UserWarning):
    """What is to be known of a model though nothing is wrong; a warning, as it stops nothing."""


class InternalError(Exception):
    """A prediction that did not come true: a defect of msfcnn, never of the user's model."""
