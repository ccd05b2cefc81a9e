"""Reports as values that JSON knows, and back."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")


def to_data(report: object) -> dict[str, Any]:
    """The fields of a dataclass by name, those of dataclasses within it likewise.

    A class with a method `data` says itself what it is. Numbers without an end, which JSON lacks,
    become None: where one is possible, it says that there is no figure.
    """
    assert dataclasses.is_dataclass(report), type(report).__name__
    own = getattr(report, "data", None)
    if own is not None:
        return dict(own())
    return {field.name: _value(getattr(report, field.name)) for field in dataclasses.fields(report)}


def from_data(kind: type[T], data: Mapping[str, Any]) -> T:
    """The report that `to_data` was told. Raises ValueError if it was none of this kind."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind).validate_python(data)


def _value(value: object) -> object:
    """A value as JSON has it: dataclasses become objects, tuples lists, enums their values."""
    if dataclasses.is_dataclass(value):
        return to_data(value)
    if isinstance(value, (tuple, list)):
        return [_value(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _value(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.value if isinstance(value, Enum) else value
