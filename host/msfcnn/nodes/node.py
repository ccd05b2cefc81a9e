"""An ONNX graph as plain immutable data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Shape = tuple[int | None, ...]  # None: a dimension the file leaves open


@dataclass(frozen=True, eq=False)
class Node:
    """An ONNX node.

    name: as Netron shows it; its first output if it has none.
    kind: the operator, with its domain if that is not the standard one.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def input(self, index: int) -> str:
        """Name of an input, empty if it is left out."""
        return self.inputs[index] if index < len(self.inputs) else ""

    def integer(self, name: str, default: int) -> int:
        """An integer attribute."""
        return int(self.attributes.get(name, default))

    def boolean(self, name: str, default: bool) -> bool:
        """An integer attribute that stands for a truth value: anything but 0 is true."""
        return bool(self.integer(name, int(default)))

    def real(self, name: str, default: float) -> float:
        """A float attribute."""
        return float(self.attributes.get(name, default))

    def text(self, name: str, default: str) -> str:
        """A string attribute."""
        value = self.attributes.get(name, default)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

    def integers(self, name: str) -> tuple[int, ...] | None:
        """A list of integers, None if the attribute is absent."""
        value = self.attributes.get(name)
        return None if value is None else tuple(int(v) for v in value)


@dataclass(frozen=True)
class Border:
    """A graph input or output as the file declares it; dtype is a NumPy name, or ONNX's."""

    name: str
    shape: Shape
    params: tuple[str, ...]
    dtype: str


@dataclass(frozen=True, eq=False)
class Graph:
    """The nodes that reach an output, in execution order, and what they read."""

    nodes: tuple[Node, ...]
    initializers: Mapping[str, NDArray[Any]]
    inputs: tuple[Border, ...]
    outputs: tuple[Border, ...]
    shapes: Mapping[str, Shape]

    def static_shape(self, name: str) -> tuple[int, ...] | None:
        """The inferred shape of a value if it has no open dimension."""
        shape = self.shapes.get(name)
        if shape is None:
            return None
        known = tuple(d for d in shape if d is not None)
        return known if len(known) == len(shape) else None
