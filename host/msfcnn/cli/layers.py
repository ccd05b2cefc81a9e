"""A model op by op, as data: shapes, parameters, weights, MACs and live bytes."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.ir import Geometry, Model, Op
from msfcnn.ir.liveness import live_bytes
from msfcnn.ir.model import op_macs, weight_bytes

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Layer:
    """One op; shapes are (height, width, channels), sizes are bytes."""

    node: str
    op: str
    inputs: tuple[Shape, ...]
    output: Shape
    geometry: Geometry | None
    groups: int
    weight_bytes: int
    macs: int
    output_bytes: int
    live_bytes: int


def layers(model: Model) -> tuple[Layer, ...]:
    """The ops in the order they run."""
    return tuple(
        _layer(model, op, live) for op, live in zip(model.ops, live_bytes(model), strict=True)
    )


def _layer(model: Model, op: Op, live: int) -> Layer:
    output = model.tensors[op.output]
    geometry: Geometry | None = getattr(op, "geometry", None)
    groups: int = getattr(op, "groups", 1)
    return Layer(
        node=op.node,
        op=type(op).__name__,
        inputs=tuple(model.tensors[index].shape for index in op.inputs),
        output=output.shape,
        geometry=geometry,
        groups=groups,
        weight_bytes=weight_bytes(op),
        macs=op_macs(model, op),
        output_bytes=output.size,
        live_bytes=live,
    )
