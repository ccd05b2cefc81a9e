"""YAML files that people write: read strictly, and every mistake named with what to write.

boards.yaml and nightly.yaml go through here. The schema is a frozen dataclass with `STRICT` as its
`__pydantic_config__`; fields whose type does not say enough have a `Rule`. pydantic finds the
mistakes, and its words, which are for programmers, are replaced here.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Hashable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BeforeValidator, ConfigDict, TypeAdapter, ValidationError

from msfcnn.errors import Problem
from msfcnn.suggest import did_you_mean

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from pydantic_core import ErrorDetails

T = TypeVar("T", bound="DataclassInstance")

STRICT = ConfigDict(extra="forbid")
"""`__pydantic_config__` of a dataclass whose keys are all there are."""


class Unreadable(Exception):
    """A file that is no YAML; `problem` says where.

    No MsfcnnError: the caller knows whether that is a mistake of the command or of a board.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


@dataclasses.dataclass(frozen=True)
class Rule(BeforeValidator):
    """Metadata of a field: `Annotated[int, Rule(read, write="...")]`.

    func:  turns what YAML has into the field's value; raises ValueError that says what is wrong.
    write: what to write instead.
    """

    write: str = ""


class _Loader(yaml.SafeLoader):
    """YAML without its silent acceptance of a key given twice.

    YAML 1.2 (section 3.2.1.1) forbids it; PyYAML takes the last one, and an entry pasted twice
    would lose its first half.
    """

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, object]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable):
                if key in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"the key '{key}' is given twice", problem_mark=key_node.start_mark
                    )
                seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> object:
    """What a file holds. Raises Unreadable, or OSError."""
    try:
        return yaml.load(path.read_bytes(), _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{path.name}: line {mark.line + 1}" if mark else path.name
        what = str(error.problem or error)
        raise Unreadable(Problem(where, what, "fix the syntax there")) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Unreadable(Problem(path.name, f"is not YAML: {error}")) from error


def parse(
    kind: type[T], entry: Mapping[Any, object], where: str, problems: list[Problem]
) -> T | None:
    """The dataclass that a mapping stands for; None, and what is wrong, if it breaks its rules.

    where: the place of the mapping, for the problems that are added.
    """
    try:
        adapter: TypeAdapter[T] = _adapter(kind)
        return adapter.validate_python({str(key): item for key, item in entry.items()})
    except ValidationError as error:
        problems.extend(_problem(kind, where, detail) for detail in error.errors())
        return None


@cache
def _adapter(kind: type[T]) -> TypeAdapter[T]:
    return TypeAdapter(kind)


def _problem(kind: type[T], where: str, detail: ErrorDetails) -> Problem:
    """What pydantic found, in the words of a person who writes the file.

    The mistake may be in a nested dataclass: its `loc` is the way there, key by key.
    """
    *parents, key = map(str, detail["loc"])
    keys = _keys(kind)
    for parent in parents:
        where, keys = f"{where}: {parent}", _keys(_dataclass(keys.get(parent)))
    write = _what_to_write(keys.get(key))
    hint = f"write {key}: {write}" if write else ""
    if detail["type"] == "missing":
        return Problem(where, f"the key '{key}' is missing", hint)
    if detail["type"] == "unexpected_keyword_argument":
        return Problem(
            where, f"unknown key '{key}'", did_you_mean(key, keys, f"the keys: {', '.join(keys)}")
        )
    cause = detail.get("ctx", {}).get("error")
    return Problem(where, f"{key}: {cause or detail['msg']}", hint)


@cache
def _keys(kind: type[DataclassInstance] | None) -> Mapping[str, Any]:
    """The types of the fields of a dataclass, by name, with their annotations.

    Cached, because resolving them takes longer than reading the file; never changed by callers.
    """
    if kind is None:
        return {}
    hints = typing.get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _dataclass(hint: Any) -> type[DataclassInstance] | None:
    """The dataclass in a type such as Annotated[Usb | None, ...]."""
    parts = (hint, *typing.get_args(hint))
    inner = (*parts, *(arg for part in parts for arg in typing.get_args(part)))
    return next((p for p in inner if isinstance(p, type) and dataclasses.is_dataclass(p)), None)


def _what_to_write(hint: Any) -> str:
    """What the rule of a field says to write; empty for a field without a rule."""
    return next((m.write for m in getattr(hint, "__metadata__", ()) if isinstance(m, Rule)), "")
