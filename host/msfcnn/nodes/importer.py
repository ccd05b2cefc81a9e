"""How an ONNX operator is imported: its converter, and what `msfcnn ops` says about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from msfcnn.nodes.builder import Builder
from msfcnn.nodes.node import Node
from msfcnn.nodes.values import Value

Handler = Callable[[Builder, Node], Value]


class Role(Enum):
    """What a node does to the order of elements, which decides how the graph input is kept.

    SPATIAL: slides over height and width. LAST_AXIS: mixes the elements of the last axis.
    ELEMENTWISE: changes no order. RESHAPES: gives the same elements another shape. OTHER: none of
    these.
    """

    SPATIAL = "spatial"
    LAST_AXIS = "last axis"
    ELEMENTWISE = "elementwise"
    RESHAPES = "reshapes"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Importer:
    """A supported ONNX operator.

    kind:        the operator.
    convert:     from a node to what is known about its first output. Raises Unsupported.
    becomes:     what the model holds for it.
    constraints: what a node must look like.
    """

    kind: str
    convert: Handler
    becomes: str
    constraints: tuple[str, ...] = ()
    role: Role = Role.OTHER
